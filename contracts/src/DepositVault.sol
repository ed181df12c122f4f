// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title Takes deposits and pays refunds
/// @notice Keeps what each account has deposited and not got back. Refunds come from the account's own deposits only,
/// once for each reference. What may be withdrawn is what was declared settled, and nothing that could still be refunded.
contract DepositVault is AccessControl {
    /// @notice May refund.
    bytes32 public constant REFUNDER_ROLE = keccak256("REFUNDER_ROLE");

    /// @notice May settle deposits and withdraw what is settled.
    bytes32 public constant TREASURER_ROLE = keccak256("TREASURER_ROLE");

    /// @notice The token that is allocated for deposits here.
    address public immutable allocationToken;

    /// @notice Wei of an account that can be refunded.
    mapping(address account => uint256) public refundable;

    /// @notice Wei that can be withdrawn.
    uint256 public settled;

    /// @notice Whether a refund was paid for a reference.
    mapping(bytes32 ref => bool) public isRefunded;

    /// @notice `account` deposited `amount` wei, with 32 bytes of its own choice.
    event Deposited(address indexed account, uint256 amount, bytes32 memo);

    /// @notice `amount` wei went back to `account`, for whatever `ref` stands for outside.
    event Refunded(address indexed account, uint256 amount, bytes32 indexed ref);

    /// @notice `amount` wei of `account` can no longer be refunded.
    event Settled(address indexed account, uint256 amount);

    /// @notice `amount` settled wei were paid to `to`.
    event Withdrawn(address indexed to, uint256 amount);

    /// @notice The amount is zero.
    error NoAmount();

    /// @notice The reference has had its refund.
    error AlreadyRefunded(bytes32 ref);

    /// @notice Less is there than was asked for.
    error NotEnough(uint256 available, uint256 asked);

    /// @param token the token that `allocationToken` names
    /// @param admin may grant and revoke roles; it has no other right
    constructor(address token, address admin) {
        allocationToken = token;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    /// @notice Deposits the value that is sent along. Value without this call is refused.
    function deposit(bytes32 memo) external payable {
        require(msg.value > 0, NoAmount());
        refundable[msg.sender] += msg.value;
        emit Deposited(msg.sender, msg.value, memo);
    }

    /// @notice Pays `amount` wei of `account`'s own deposits back to it, at most once for each `ref`.
    function refund(address payable account, uint256 amount, bytes32 ref) external onlyRole(REFUNDER_ROLE) {
        require(!isRefunded[ref], AlreadyRefunded(ref));
        _take(account, amount);
        isRefunded[ref] = true;
        emit Refunded(account, amount, ref);
        Address.sendValue(account, amount);
    }

    /// @notice Declares `amount` wei of `account`'s deposits settled, so that they can be withdrawn.
    function settle(address account, uint256 amount) external onlyRole(TREASURER_ROLE) {
        _take(account, amount);
        settled += amount;
        emit Settled(account, amount);
    }

    /// @notice Pays `amount` settled wei to `to`.
    function withdraw(address payable to, uint256 amount) external onlyRole(TREASURER_ROLE) {
        require(amount > 0, NoAmount());
        require(amount <= settled, NotEnough(settled, amount));
        settled -= amount;
        emit Withdrawn(to, amount);
        Address.sendValue(to, amount);
    }

    /// @dev Takes from what can be refunded, before anything is paid.
    function _take(address account, uint256 amount) private {
        require(amount > 0, NoAmount());
        uint256 available = refundable[account];
        require(amount <= available, NotEnough(available, amount));
        refundable[account] = available - amount;
    }
}
