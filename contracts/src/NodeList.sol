// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @title Nodes that may have a link to those of a permissioned chain
/// @notice A node that is told of this contract (`--peers-contract`) reads `nodes` and keeps no link to others, the validators
/// and ids of its own settings apart.
contract NodeList is Ownable2Step {
    /// @notice Most nodes of the list.
    uint256 public constant MOST = 1_024;

    bytes32[] private _nodes;

    /// @dev Place in the list, counted from 1.
    mapping(bytes32 node => uint256) private _placeAfter;

    /// @notice A node may link from now on.
    event NodeAdded(bytes32 indexed node);

    /// @notice A node may link no more.
    event NodeRemoved(bytes32 indexed node);

    /// @notice The node is there already, or is not.
    error NothingToDo(bytes32 node);

    /// @notice There are as many nodes as may be.
    error ListFull();

    constructor(bytes32[] memory first) Ownable(msg.sender) {
        for (uint256 at = 0; at < first.length; ++at) {
            _add(first[at]);
        }
    }

    /// @notice Lets a node link.
    /// @param node Its id: keccak256(scheme byte ‖ public key).
    function add(bytes32 node) external onlyOwner {
        _add(node);
    }

    /// @notice Takes a node from the list, whose last entry gets its place.
    function remove(bytes32 node) external onlyOwner {
        uint256 place = _placeAfter[node];
        require(place > 0, NothingToDo(node));
        bytes32 last = _nodes[_nodes.length - 1];
        _nodes[place - 1] = last;
        _placeAfter[last] = place;
        _nodes.pop();
        delete _placeAfter[node];
        emit NodeRemoved(node);
    }

    /// @notice The whole list, in no order.
    function nodes() external view returns (bytes32[] memory) {
        return _nodes;
    }

    function _add(bytes32 node) private {
        require(_placeAfter[node] == 0, NothingToDo(node));
        require(_nodes.length < MOST, ListFull());
        _nodes.push(node);
        _placeAfter[node] = _nodes.length;
        emit NodeAdded(node);
    }
}
