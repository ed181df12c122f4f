// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title What the protocol itself calls at the end of a block
/// @dev A block whose system call reverts is invalid, so such a function answers every argument and reverts for none.
abstract contract SystemCalled {
    /// @notice Who calls for the protocol (EIP-4788, "Block processing").
    address public constant SYSTEM = 0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE;

    /// @notice Only the protocol may do this.
    error OnlySystem();

    modifier onlySystem() {
        require(msg.sender == SYSTEM, OnlySystem());
        _;
    }

    /// @dev A number of a block in the bits that entries have for it; used for orders and periods only.
    function _blockNumber() internal view returns (uint32) {
        return block.number < type(uint32).max ? uint32(block.number) : type(uint32).max;
    }
}
