// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title An account that asks for the same again while it is being paid
contract Greedy {
    address private target;
    bytes private again;
    bool public wasRefused;

    /// @dev Calls with the ether that is sent along.
    function run(address to, bytes calldata data) external payable {
        Address.functionCallWithValue(to, data, msg.value);
    }

    /// @dev Calls, and again when ether comes back.
    function attack(address to, bytes calldata data) external {
        (target, again) = (to, data);
        Address.functionCall(to, data);
    }

    receive() external payable {
        if (again.length == 0) return;
        bytes memory data = again;
        delete again;
        (bool isDone, ) = target.call(data);
        wasRefused = !isDone;
    }
}
