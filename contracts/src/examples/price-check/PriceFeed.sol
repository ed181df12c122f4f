// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";

/// @title A price that is reported, and can be flagged as wrong
/// @notice Names and the event of a report are those of Chainlink's aggregators. After a flag nobody can read the price
/// until the admin has resumed the feed.
contract PriceFeed is AccessControl {
    /// @notice May report prices.
    bytes32 public constant REPORTER_ROLE = keccak256("REPORTER_ROLE");

    /// @notice May flag a round.
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    /// @notice Decimal places of an answer.
    uint8 public constant decimals = 8;

    /// @notice Number of the newest round, counted from 1.
    uint256 public latestRound;

    /// @notice The round for which the feed was paused; 0 while it is not.
    uint256 public flaggedRound;

    int256 private _answer;
    uint256 private _updatedAt;

    /// @notice A price was reported.
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    /// @notice A round was found to be wrong: the feed is paused.
    event Flagged(uint256 indexed roundId, string reason);

    /// @notice The feed can be read again.
    event Resumed();

    /// @notice No price can be read.
    error Paused(uint256 flaggedRound);

    /// @notice There is no such round.
    error NoRound(uint256 roundId);

    constructor() {
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
        _grantRole(REPORTER_ROLE, msg.sender);
        _grantRole(GUARDIAN_ROLE, msg.sender);
    }

    /// @notice Reports a price, with 8 decimal places.
    function report(int256 answer) external onlyRole(REPORTER_ROLE) {
        _answer = answer;
        _updatedAt = block.timestamp;
        emit AnswerUpdated(answer, ++latestRound, block.timestamp);
    }

    /// @notice Pauses the feed for a round that is wrong.
    function flag(uint256 roundId, string calldata reason) external onlyRole(GUARDIAN_ROLE) {
        require(roundId > 0 && roundId <= latestRound, NoRound(roundId));
        require(flaggedRound == 0, Paused(flaggedRound));
        flaggedRound = roundId;
        emit Flagged(roundId, reason);
    }

    /// @notice Lets the price be read again.
    function resume() external onlyRole(DEFAULT_ADMIN_ROLE) {
        flaggedRound = 0;
        emit Resumed();
    }

    /// @notice The newest price.
    function latestAnswer() external view returns (int256 answer, uint256 updatedAt) {
        require(flaggedRound == 0, Paused(flaggedRound));
        return (_answer, _updatedAt);
    }
}
