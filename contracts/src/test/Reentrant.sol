// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {DepositVault} from "../DepositVault.sol";

/// @title An account that asks for its refund again while it is being paid
contract Reentrant {
    DepositVault private immutable vault;
    bytes32 private nextRef;
    bool public wasRefused;

    constructor(DepositVault target) {
        vault = target;
    }

    function deposit() external payable {
        vault.deposit{value: msg.value}(bytes32(0));
    }

    /// @dev Needs the refunder's role.
    function attack(uint256 amount) external {
        nextRef = keccak256("second");
        vault.refund(payable(address(this)), amount, keccak256("first"));
    }

    receive() external payable {
        if (nextRef == bytes32(0)) return;
        bytes32 ref = nextRef;
        nextRef = bytes32(0);
        try vault.refund(payable(address(this)), msg.value, ref) {} catch {
            wasRefused = true;
        }
    }
}
