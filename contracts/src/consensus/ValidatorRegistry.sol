// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {GovernedSet} from "./GovernedSet.sol";

/// @title The validators of a BFT chain
/// @notice A block's changes hold for the block after the next one.
contract ValidatorRegistry is GovernedSet {}
