// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {CandidateList} from "./CandidateList.sol";
import {SharePool} from "./SharePool.sol";
import {SystemCalled} from "./SystemCalled.sol";
import {ValidatorKeys} from "./ValidatorKeys.sol";

/// @title What staking and delegates have in common: requests with proofs, candidates, and who may be paid what
/// @notice Who wants to be a validator leaves a public key with a proof of possession: a signature over "QS/c/possess",
/// the chain key and the owner's address. The chain has no instruction that checks such signatures, so the request waits
/// until the end of its block; there the protocol checks it and admits it or gives its ether back.
/// @dev Born in the genesis, so no constructor has run: slots hold what the manifest says. Engines read `_candidates`
/// (slots 0 and 1), `_waiting` (slot 2, five slots each) and `_keys` (slot 3).
abstract contract StakedSet is SystemCalled {
    using CandidateList for CandidateList.List;
    using SharePool for SharePool.Pool;

    /// @notice A wish to become a validator; `note` is a commitment or a name.
    struct Request {
        address owner;
        uint8 scheme;
        uint16 commissionBps;
        address payTo;
        uint96 amount;
        address validator;
        bytes32 note;
        bytes proof;
    }

    /// @notice A public key, with the signature that shows possession.
    struct ProvenKey {
        uint8 scheme;
        bytes publicKey;
        bytes proof;
    }

    /// @notice Most requests of one block.
    uint256 public constant MAX_WAITING = 8;

    CandidateList.List internal _candidates;
    Request[] private _waiting;
    mapping(address validator => bytes) private _keys;

    /// @notice Wei that an account can take out.
    mapping(address account => uint256) public claimable;

    /// @notice Wei that belong to somebody: to those who staked, wait or can claim.
    uint256 public held;

    /// @notice Most candidates.
    uint32 public maxCandidates;

    /// @notice The epoch that was closed last.
    uint64 public epoch;

    /// @notice Weight of the set since then, in gwei; 1 each where weights are equal.
    uint64 public setWeight;

    /// @notice A request waits for the end of the block.
    event Requested(address indexed validator, address indexed owner, uint256 amount);

    /// @notice A request was granted; `owner` has the rights of the validator.
    event Admitted(address indexed validator, address indexed owner);

    /// @notice A request was not granted; its ether can be claimed.
    event Refused(address indexed validator, address indexed owner);

    /// @notice A validator earned a reward, of which `commission` is its owner's alone.
    event Rewarded(address indexed validator, uint256 amount, uint256 commission);

    /// @notice Ether was paid out.
    event Claimed(address indexed account, address indexed to, uint256 amount);

    /// @notice An epoch ended; the set that was elected has this hash.
    event EpochClosed(uint64 indexed epoch, bytes32 setHash);

    /// @notice A validator broke a rule at a height and lost `amount` wei, 1/16 of them to `reporter`.
    event Slashed(address indexed validator, uint8 kind, uint64 height, uint256 amount, address reporter);

    /// @notice The key was used before.
    error KeyUsed(address validator);

    /// @notice Not the owner of the validator.
    error NotOwner(address account);

    /// @notice The block has as many requests as may be.
    error QueueFull();

    /// @notice The amount is zero, or another one than is due.
    error BadAmount(uint256 amount);

    /// @notice More than the whole, or more than before.
    error BadCommission(uint16 bps);

    /// @notice Fees cannot go to the zero address.
    error ZeroAddress();

    /// @notice There is nothing to pay out, or not yet.
    error NothingToPay();

    /// @notice Decides on the requests of the block.
    /// @param good bit i is set if the proof of request i is good
    function admit(uint256 good) external onlySystem {
        for (uint256 place = 0; place < _waiting.length; ++place) {
            Request storage request = _waiting[place];
            address validator = request.validator;
            bool isGood = ((good >> place) & 1) == 1 && !_isKnown(validator) && _admit(request);
            if (isGood) emit Admitted(validator, request.owner);
            else {
                claimable[request.owner] += request.amount;
                emit Refused(validator, request.owner);
            }
        }
        delete _waiting;
    }

    /// @notice Books rewards, for which ether has come in before.
    function reward(address[] calldata validators, uint256[] calldata amounts) external onlySystem {
        uint256 free = address(this).balance - held;
        for (uint256 place = 0; place < validators.length && place < amounts.length; ++place) {
            uint256 amount = amounts[place] < free ? amounts[place] : free;
            if (amount == 0 || !_isKnown(validators[place])) continue;
            free -= amount;
            held += amount;
            _reward(validators[place], amount);
        }
    }

    /// @notice Pays what the caller can claim.
    function claim(address payable to) external {
        uint256 amount = claimable[msg.sender];
        claimable[msg.sender] = 0;
        _pay(to, amount);
    }

    /// @notice How many candidates there are.
    function candidateCount() external view returns (uint256) {
        return _candidates.items.length;
    }

    /// @notice The candidate at a place, from 0; places change when candidates go.
    function candidateAt(uint256 place) external view returns (CandidateList.Candidate memory) {
        return _candidates.items[place];
    }

    /// @notice How many requests wait for the end of the block.
    function waitingCount() external view returns (uint256) {
        return _waiting.length;
    }

    /// @notice The request at a place, from 0.
    function waitingAt(uint256 place) external view returns (Request memory) {
        return _waiting[place];
    }

    /// @notice The public key behind an address that was ever asked for.
    function keyOf(address validator) external view returns (bytes memory) {
        return _keys[validator];
    }

    /// @dev Lets a request with the value sent along wait.
    function _request(ProvenKey calldata key, address payTo, uint16 commissionBps, bytes32 note) internal {
        require(_waiting.length < MAX_WAITING, QueueFull());
        require(payTo != address(0), ZeroAddress());
        require(commissionBps <= 10_000, BadCommission(commissionBps));
        address validator = ValidatorKeys.validatorOf(key.scheme, key.publicKey);
        require(!_isKnown(validator), KeyUsed(validator));
        ValidatorKeys.checkProof(key.scheme, key.proof);
        // The same address has the same key, whoever asks.
        if (_keys[validator].length == 0) _keys[validator] = key.publicKey;
        uint96 amount = uint96(msg.value);
        held += amount;
        _waiting.push(Request(msg.sender, key.scheme, commissionBps, payTo, amount, validator, note, key.proof));
        emit Requested(validator, msg.sender, amount);
    }

    /// @dev Lists a candidate or gives it another weight; without weight it leaves. A full list lets go of its last.
    /// @return gone whoever had no place or lost it; zero if nobody
    function _list(address validator, uint256 weight) internal returns (address gone) {
        uint64 capped = weight < type(uint64).max ? uint64(weight) : type(uint64).max;
        CandidateList.Candidate memory candidate = CandidateList.Candidate(validator, capped, _blockNumber());
        if (weight == 0) _candidates.remove(validator);
        else if (_candidates.contains(validator)) _candidates.update(candidate);
        else if (_candidates.items.length < maxCandidates) _candidates.add(candidate);
        else {
            (address last, uint64 lastWeight) = _candidates.last();
            if (capped < lastWeight || (capped == lastWeight && validator > last)) return validator;
            _candidates.remove(last);
            _candidates.add(candidate);
            return last;
        }
    }

    /// @dev Gives the owner its commission and whoever shares in the pool the rest; all to the owner if nobody does.
    function _share(
        address validator,
        SharePool.Pool storage pool,
        Split memory split
    ) internal {
        uint256 commission = pool.shares == 0 ? split.amount : (split.amount * split.commissionBps) / 10_000;
        claimable[split.owner] += commission;
        pool.amount += uint128(split.amount - commission);
        emit Rewarded(validator, split.amount, commission);
    }

    /// @dev A reward, and who has the commission.
    struct Split {
        uint256 amount;
        uint16 commissionBps;
        address owner;
    }

    /// @dev Gives 1/16 of what a validator lost to whoever reported it, if anybody did, and burns the rest.
    function _forfeit(uint256 amount, address reporter) internal {
        uint256 bounty = reporter == address(0) ? 0 : amount / 16;
        claimable[reporter] += bounty;
        _burn(amount - bounty);
    }

    function _burn(uint256 amount) internal {
        held -= amount;
        Address.sendValue(payable(address(0)), amount);
    }

    /// @dev The last thing a function does.
    function _pay(address payable to, uint256 amount) internal {
        require(amount > 0, NothingToPay());
        held -= amount;
        emit Claimed(msg.sender, to, amount);
        Address.sendValue(to, amount);
    }

    /// @dev Whether the key was admitted, ever.
    function _isKnown(address validator) internal view virtual returns (bool);

    /// @dev Makes a validator of a request, unless there is no room for it.
    function _admit(Request storage request) internal virtual returns (bool);

    /// @dev Books a reward of a validator that is known.
    function _reward(address validator, uint256 amount) internal virtual;
}
