// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Anchors messages of streams on chain
/// @notice Anybody may send on a stream of its own: a stream is known by its sender and its id together, and its messages
/// are counted from 1. Nothing but the count is stored; the event holds the message.
contract StreamAnchor {
    /// @notice Longest payload, in bytes.
    uint256 public constant MAX_PAYLOAD = 16_384;

    /// @notice Longest metadata, in bytes.
    uint256 public constant MAX_METADATA = 1_024;

    /// @notice Messages that a sender has sent on a stream.
    mapping(address sender => mapping(bytes32 stream => uint64)) public count;

    /// @notice A message; `hash` is keccak-256 of the payload.
    event MessageSent(
        address indexed sender,
        bytes32 indexed stream,
        uint64 sequence,
        string metadata,
        bytes32 hash,
        bytes payload
    );

    /// @notice The payload or the metadata is longer than allowed.
    error TooLong(uint256 length, uint256 most);

    /// @notice Sends a message and gives its number within the stream.
    function send(bytes32 stream, string calldata metadata, bytes calldata payload) external returns (uint64 sequence) {
        require(payload.length <= MAX_PAYLOAD, TooLong(payload.length, MAX_PAYLOAD));
        require(bytes(metadata).length <= MAX_METADATA, TooLong(bytes(metadata).length, MAX_METADATA));
        sequence = ++count[msg.sender][stream];
        emit MessageSent(msg.sender, stream, sequence, metadata, keccak256(payload), payload);
    }
}
