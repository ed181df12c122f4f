// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {SystemCalled} from "./SystemCalled.sol";
import {ValidatorKeys} from "./ValidatorKeys.sol";

/// @title A set of validators that somebody governs
/// @notice The owner adds and removes members and gives them weight: an account, a multisig contract, or this contract
/// itself, which means the members by more than two thirds of their weight (`approve`). Who operates a member may give it
/// another key. A key that was once in the set never comes back for another member. The owner vouches for new keys.
/// @dev Born in the genesis, so no constructor has run: slots hold what the manifest says. Slots 0 and 1 are the owner and
/// the pending owner; engines read `_members` (slot 2, three slots each) and `_keys` (slot 3).
abstract contract GovernedSet is Ownable2Step, SystemCalled {
    /// @notice A member; `id` stays when the key changes.
    struct Member {
        address validator;
        uint64 weight;
        address operator;
        uint8 scheme;
        uint32 id;
        address payTo;
    }

    /// @notice Heaviest member: 2^60 − 1.
    uint64 public constant MAX_WEIGHT = 2 ** 60 - 1;

    /// @notice Heaviest set: 2^63 − 1.
    uint64 public constant MAX_TOTAL = 2 ** 63 - 1;

    Member[] private _members;
    mapping(address validator => bytes) private _keys;
    mapping(address validator => uint32 id) private _idOfKey;
    mapping(uint32 id => uint256) private _placeAfter;

    /// @notice Most members.
    uint32 public maxMembers;

    uint32 private _lastId;

    /// @notice Weight of all members together.
    uint64 public totalWeight;

    /// @notice Members and weights have changed so often; approvals count for the change after this many only.
    uint64 public changes;

    mapping(bytes32 ballot => mapping(address operator => bool)) private _hasApproved;

    /// @notice A member came in.
    event MemberAdded(address indexed validator, address indexed operator, uint64 weight);

    /// @notice A member went.
    event MemberRemoved(address indexed validator);

    /// @notice A member has another weight.
    event WeightChanged(address indexed validator, uint64 weight);

    /// @notice A member signs with another key.
    event KeyRotated(address indexed before, address indexed validator);

    /// @notice Fees of a member go elsewhere.
    event PayToChanged(address indexed validator, address payTo);

    /// @notice A member was removed because it broke a rule at a height.
    event Slashed(address indexed validator, uint8 kind, uint64 height);

    /// @notice A member's operator wants this call of this contract.
    event Approved(bytes32 indexed ballot, address indexed operator, bytes change);

    /// @notice The key was in the set before.
    error KeyUsed(address validator);

    /// @notice No member signs or signed with this key.
    error NoMember(address validator);

    /// @notice Neither the owner nor the member's operator.
    error NotOperator(address account);

    /// @notice The weight is 0 or too much, alone or together.
    error BadWeight(uint256 weight);

    /// @notice There are as many members as may be.
    error SetFull(uint256 most);

    /// @notice A set has at least one member.
    error LastMember();

    /// @notice An operator, or where fees go, cannot be the zero address.
    error ZeroAddress();

    /// @dev Not run for contracts of the genesis.
    constructor() Ownable(msg.sender) {}

    /// @notice Takes a member in.
    function add(
        address operator,
        uint8 scheme,
        bytes calldata publicKey,
        uint64 weight,
        address payTo
    ) external onlyOwner {
        require(operator != address(0) && payTo != address(0), ZeroAddress());
        require(_members.length < maxMembers, SetFull(maxMembers));
        uint32 id = ++_lastId;
        address validator = _useKey(id, scheme, publicKey);
        _members.push(Member(validator, 0, operator, scheme, id, payTo));
        _placeAfter[id] = _members.length;
        _weigh(_members[_members.length - 1], weight);
        emit MemberAdded(validator, operator, weight);
    }

    /// @notice Puts a member out, but not the last one.
    function remove(address validator) external onlyOwner {
        require(_members.length > 1, LastMember());
        _drop(_memberOf(validator).id);
        emit MemberRemoved(validator);
    }

    /// @notice Gives a member another weight.
    function setWeight(address validator, uint64 weight) external onlyOwner {
        _weigh(_memberOf(validator), weight);
        emit WeightChanged(validator, weight);
    }

    /// @notice Replaces a member's key; what the old key signs until the change takes effect can still be punished.
    function rotateKey(address validator, uint8 scheme, bytes calldata publicKey) external {
        Member storage member = _operated(validator);
        address before = member.validator;
        member.validator = _useKey(member.id, scheme, publicKey);
        member.scheme = scheme;
        emit KeyRotated(before, member.validator);
    }

    /// @notice Sends a member's fees elsewhere.
    function setPayTo(address validator, address payTo) external {
        require(payTo != address(0), ZeroAddress());
        _operated(validator).payTo = payTo;
        emit PayToChanged(validator, payTo);
    }

    /// @notice Approves a call of this contract; it runs as soon as over two thirds of the weight have approved it.
    /// @param change the call's data; any change of the set meanwhile makes all approvals void
    function approve(bytes calldata change) external returns (bool isDone) {
        bytes32 ballot = keccak256(abi.encode(changes, change));
        mapping(address => bool) storage hasApproved = _hasApproved[ballot];
        hasApproved[msg.sender] = true;
        bool isOperator;
        uint256 weight;
        for (uint256 place = 0; place < _members.length; ++place) {
            Member storage member = _members[place];
            if (member.operator == msg.sender) isOperator = true;
            if (hasApproved[member.operator]) weight += member.weight;
        }
        require(isOperator, NotOperator(msg.sender));
        emit Approved(ballot, msg.sender, change);
        if (3 * weight <= 2 * uint256(totalWeight)) return false;
        ++changes;
        Address.functionCall(address(this), change);
        return true;
    }

    /// @notice Removes whoever signed with this key, if it is still a member, under whichever key.
    /// @param kind 1 for two votes, 2 for two proposals
    function slash(address validator, uint8 kind, uint64 height) external onlySystem {
        uint32 id = _idOfKey[validator];
        if (_placeAfter[id] == 0) return;
        _drop(id);
        emit Slashed(validator, kind, height);
    }

    /// @notice How many members there are.
    function memberCount() external view returns (uint256) {
        return _members.length;
    }

    /// @notice The member at a place, from 0; places change when members go.
    function memberAt(uint256 place) external view returns (Member memory) {
        return _members[place];
    }

    /// @notice The public key behind an address that was ever in the set.
    function keyOf(address validator) external view returns (bytes memory) {
        return _keys[validator];
    }

    function _useKey(uint32 id, uint8 scheme, bytes calldata publicKey) private returns (address validator) {
        validator = ValidatorKeys.validatorOf(scheme, publicKey);
        require(_idOfKey[validator] == 0, KeyUsed(validator));
        _idOfKey[validator] = id;
        _keys[validator] = publicKey;
    }

    function _weigh(Member storage member, uint64 weight) private {
        uint256 total = uint256(totalWeight) - member.weight + weight;
        require(weight > 0 && weight <= MAX_WEIGHT && total <= MAX_TOTAL, BadWeight(weight));
        member.weight = weight;
        totalWeight = uint64(total);
        ++changes;
    }

    /// @dev The last member takes the place that becomes free.
    function _drop(uint32 id) private {
        uint256 place = _placeAfter[id];
        totalWeight -= _members[place - 1].weight;
        Member memory last = _members[_members.length - 1];
        _members[place - 1] = last;
        _placeAfter[last.id] = place;
        _members.pop();
        delete _placeAfter[id];
        ++changes;
    }

    /// @dev The member that signs or signed with this key: one that changes it cannot dodge what is under way.
    function _memberOf(address validator) private view returns (Member storage member) {
        uint256 place = _placeAfter[_idOfKey[validator]];
        require(place > 0, NoMember(validator));
        return _members[place - 1];
    }

    function _operated(address validator) private view returns (Member storage member) {
        member = _memberOf(validator);
        require(msg.sender == member.operator || msg.sender == owner(), NotOperator(msg.sender));
    }
}
