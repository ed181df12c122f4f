// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Capped} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Capped.sol";

/// @title Tokens that are given out for deposits
/// @notice An ERC-20 whose units come into being by allocation only, once for each reference, up to a cap.
contract AllocationToken is ERC20Capped, AccessControl {
    /// @notice May allocate.
    bytes32 public constant ALLOCATOR_ROLE = keccak256("ALLOCATOR_ROLE");

    /// @notice The most that can ever exist: a thousand million tokens of 18 decimals.
    uint256 public constant MAX_SUPPLY = 1e9 * 1e18;

    /// @notice Whether an allocation was made for a reference.
    mapping(bytes32 ref => bool) public isAllocated;

    /// @notice `amount` units were created for `account`, for whatever `ref` stands for outside.
    event Allocated(address indexed account, uint256 amount, bytes32 indexed ref);

    /// @notice The reference has had its allocation.
    error AlreadyAllocated(bytes32 ref);

    /// @notice There is nothing to allocate.
    error NothingToAllocate();

    /// @param admin may grant and revoke roles; it has no other right
    constructor(address admin) ERC20("QuantumStream Allocation", "QSA") ERC20Capped(MAX_SUPPLY) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    /// @notice Creates `amount` units for `account`, at most once for each `ref`.
    /// @dev The reference makes a repeated transaction harmless: the second one reverts.
    function allocate(address account, uint256 amount, bytes32 ref) external onlyRole(ALLOCATOR_ROLE) {
        require(amount > 0, NothingToAllocate());
        require(!isAllocated[ref], AlreadyAllocated(ref));
        isAllocated[ref] = true;
        emit Allocated(account, amount, ref);
        _mint(account, amount);
    }
}
