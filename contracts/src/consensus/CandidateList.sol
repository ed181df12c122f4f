// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A bounded list of those who could be elected, one slot each
/// @dev Engines read `items`: its length in the list's own slot, the items at the slots from its hash on.
library CandidateList {
    /// @notice `weight` is in gwei; `since` is the block of its last change.
    struct Candidate {
        address validator;
        uint64 weight;
        uint32 since;
    }

    struct List {
        Candidate[] items;
        mapping(address validator => uint256) placeAfter;
    }

    function contains(List storage list, address validator) internal view returns (bool) {
        return list.placeAfter[validator] != 0;
    }

    /// @notice Enters a candidate that is not there.
    function add(List storage list, Candidate memory candidate) internal {
        list.items.push(candidate);
        list.placeAfter[candidate.validator] = list.items.length;
    }

    /// @notice Gives one that is there another weight.
    function update(List storage list, Candidate memory candidate) internal {
        list.items[list.placeAfter[candidate.validator] - 1] = candidate;
    }

    /// @notice Takes one out that may be there; the last one takes its place.
    function remove(List storage list, address validator) internal {
        uint256 place = list.placeAfter[validator];
        if (place == 0) return;
        Candidate memory moved = list.items[list.items.length - 1];
        list.items[place - 1] = moved;
        list.placeAfter[moved.validator] = place;
        list.items.pop();
        delete list.placeAfter[validator];
    }

    /// @notice The one that ranks last: the lightest, and of equals the one with the highest address.
    function last(List storage list) internal view returns (address validator, uint64 weight) {
        (validator, weight) = (list.items[0].validator, list.items[0].weight);
        for (uint256 place = 1; place < list.items.length; ++place) {
            Candidate storage other = list.items[place];
            (address otherValidator, uint64 otherWeight) = (other.validator, other.weight);
            bool isBehind = otherWeight < weight || (otherWeight == weight && otherValidator > validator);
            if (isBehind) (validator, weight) = (otherValidator, otherWeight);
        }
    }
}
