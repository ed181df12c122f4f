// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {GovernedSet} from "./GovernedSet.sol";

/// @title The committee that makes the blocks of a hybrid chain final
/// @notice The set of instance i + 1 is the one in the state of the checkpoint of instance i − 1.
contract Committee is GovernedSet {}
