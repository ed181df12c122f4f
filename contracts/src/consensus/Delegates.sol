// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CandidateList} from "./CandidateList.sol";
import {SharePool} from "./SharePool.sol";
import {StakedSet} from "./StakedSet.sol";

/// @title The delegates of a DPoS chain, and the votes that elect them
/// @notice A vote locks ether for one delegate. A delegate weighs what all votes for it come to, but at most ten times its
/// own (LIP 23), so that there is no weight without own risk. Voters share in rewards and are never slashed; only a
/// delegate's own votes are.
/// @dev Engines read `_entries` (slot 7, six slots each) beside what `StakedSet` holds.
contract Delegates is StakedSet {
    using CandidateList for CandidateList.List;
    using SharePool for SharePool.Pool;

    /// @notice A delegate. While it is suspended it is no candidate.
    struct Entry {
        address owner;
        uint8 scheme;
        uint8 faults;
        uint16 commissionBps;
        bool isSuspended;
        uint32 faultBlock;
        address payTo;
        uint48 bannedUntil;
        uint48 heldUntil;
        bytes32 name;
        uint128 own;
        uint128 ownUnlocking;
        SharePool.Pool votes;
        uint48 ownClockBlock;
        uint48 ownClockTime;
    }

    /// @notice What a voter has with a delegate: shares of its votes, and wei that are being unlocked.
    struct Vote {
        uint128 shares;
        uint128 unlocking;
        uint48 unlockTime;
    }

    /// @notice Most delegates that an account votes for at once (LIP 23).
    uint256 public constant MAX_VOTES = 10;

    /// @notice A delegate weighs at most so many times its own votes (LIP 23).
    uint256 public constant OWN_FACTOR = 10;

    /// @notice The fault that bars a delegate for ever.
    uint8 public constant LAST_FAULT = 3;

    mapping(address delegate => Entry) private _entries;
    mapping(address delegate => mapping(address voter => Vote)) private _votes;

    /// @notice Whether a delegate has a name.
    mapping(bytes32 name => bool) public isNameTaken;

    /// @notice How many delegates an account votes for.
    mapping(address voter => uint256) public voteCount;

    /// @notice Wei that a registration costs; they are burnt.
    uint96 public registrationFee;

    /// @notice Seconds that votes take to unlock, and that they are held after a fault.
    uint48 public unlockSeconds;

    /// @notice Seconds that a delegate's own votes take to unlock.
    uint48 public ownUnlockSeconds;

    /// @notice Blocks that a delegate's own votes take to unlock.
    uint48 public ownUnlockBlocks;

    /// @notice Seconds that a fault bars a delegate.
    uint48 public banSeconds;

    /// @notice Part of its own votes that a fault costs a delegate, in 1/10,000.
    uint16 public slashBps;

    /// @notice Votes were locked.
    event Voted(address indexed delegate, address indexed voter, uint256 amount);

    /// @notice Votes began to unlock.
    event Unvoted(address indexed delegate, address indexed voter, uint256 amount);

    /// @notice A delegate is no candidate until it asks to be again.
    event Suspended(address indexed delegate);

    /// @notice A delegate is a candidate again, if it has weight.
    event Resumed(address indexed delegate);

    /// @notice The terms of a delegate changed.
    event TermsChanged(address indexed delegate, address payTo, uint16 commissionBps);

    /// @notice The name is empty or taken.
    error BadName(bytes32 name);

    /// @notice There is no such delegate.
    error NoDelegate(address delegate);

    /// @notice The account votes for as many delegates as it may.
    error TooManyVotes();

    /// @notice The account has fewer votes there.
    error NotEnough(uint256 available, uint256 asked);

    /// @notice The delegate is not suspended, or is barred until that second.
    error CannotResume(uint48 bannedUntil);

    modifier onlyOwner(address delegate) {
        require(_entries[delegate].owner == msg.sender, NotOwner(msg.sender));
        _;
    }

    /// @notice Asks to become a delegate; the fee is sent along.
    /// @param name of up to 32 bytes, for people
    /// @param commissionBps part of rewards that the owner keeps before they are shared, in 1/10,000
    function registerDelegate(
        bytes32 name,
        ProvenKey calldata key,
        address payTo,
        uint16 commissionBps
    ) external payable {
        require(msg.value == registrationFee, BadAmount(msg.value));
        require(name != 0 && !isNameTaken[name], BadName(name));
        _request(key, payTo, commissionBps, name);
    }

    /// @notice Locks the ether sent along as votes for a delegate.
    function vote(address delegate) external payable {
        Entry storage entry = _known(delegate);
        require(msg.value > 0 && msg.value < 2 ** 96, BadAmount(msg.value));
        Vote storage own = _votes[delegate][msg.sender];
        if (_isNothing(entry, own)) require(++voteCount[msg.sender] <= MAX_VOTES, TooManyVotes());
        held += msg.value;
        if (msg.sender == entry.owner) entry.own += uint128(msg.value);
        else {
            uint128 shares = entry.votes.mint(msg.value);
            require(shares > 0, BadAmount(msg.value));
            own.shares += shares;
        }
        _weigh(delegate, entry);
        emit Voted(delegate, msg.sender, msg.value);
    }

    /// @notice Begins to unlock votes; what the caller unlocks there already waits anew, too.
    /// @param part shares of the delegate's votes; wei for its owner
    function unvote(address delegate, uint128 part) external {
        Entry storage entry = _known(delegate);
        Vote storage own = _votes[delegate][msg.sender];
        uint128 amount = part;
        if (msg.sender == entry.owner) {
            require(part <= entry.own, NotEnough(entry.own, part));
            entry.own -= part;
            entry.ownUnlocking += part;
            (entry.ownClockBlock, entry.ownClockTime) = (uint48(block.number), uint48(block.timestamp));
        } else {
            require(part <= own.shares, NotEnough(own.shares, part));
            amount = entry.votes.burn(part);
            own.shares -= part;
            own.unlocking += amount;
            own.unlockTime = uint48(block.timestamp) + unlockSeconds;
        }
        require(amount > 0, BadAmount(amount));
        if (_isNothing(entry, own)) --voteCount[msg.sender];
        _weigh(delegate, entry);
        emit Unvoted(delegate, msg.sender, amount);
    }

    /// @notice Pays what the caller unlocked of its votes for a delegate and has waited for.
    function withdraw(address delegate, address payable to) external {
        Entry storage entry = _entries[delegate];
        Vote storage own = _votes[delegate][msg.sender];
        uint256 amount;
        if (block.timestamp >= own.unlockTime && block.timestamp >= entry.heldUntil) {
            amount = own.unlocking;
            own.unlocking = 0;
        }
        bool isOver = block.number >= uint256(entry.ownClockBlock) + ownUnlockBlocks
            && block.timestamp >= uint256(entry.ownClockTime) + ownUnlockSeconds;
        if (msg.sender == entry.owner && isOver) {
            amount += entry.ownUnlocking;
            entry.ownUnlocking = 0;
        }
        _pay(to, amount);
    }

    /// @notice Makes a suspended delegate a candidate again, when its ban is over.
    function resume(address delegate) external onlyOwner(delegate) {
        Entry storage entry = _entries[delegate];
        bool can = entry.isSuspended && block.timestamp >= entry.bannedUntil;
        require(can, CannotResume(entry.bannedUntil));
        entry.isSuspended = false;
        _weigh(delegate, entry);
        emit Resumed(delegate);
    }

    /// @notice Sends fees elsewhere, and takes less of rewards; more it cannot take.
    function setTerms(address delegate, address payTo, uint16 commissionBps) external onlyOwner(delegate) {
        Entry storage entry = _entries[delegate];
        require(payTo != address(0), ZeroAddress());
        require(commissionBps <= entry.commissionBps, BadCommission(commissionBps));
        (entry.payTo, entry.commissionBps) = (payTo, commissionBps);
        emit TermsChanged(delegate, payTo, commissionBps);
    }

    /// @notice Punishes a delegate, once for all it did until then, and bars it for a while; the third time for ever.
    /// @param kind 1 for two votes, 2 for two proposals
    /// @param reporter whose block has the evidence; gets 1/16
    function slash(address delegate, uint8 kind, uint64 height, address reporter) external onlySystem {
        Entry storage entry = _entries[delegate];
        bool isOld = entry.faults > 0 && height <= entry.faultBlock;
        if (!_isKnown(delegate) || isOld || entry.faults == LAST_FAULT) return;
        entry.faultBlock = _blockNumber();
        bool isLast = ++entry.faults == LAST_FAULT;
        entry.bannedUntil = isLast ? type(uint48).max : uint48(block.timestamp) + banSeconds;
        entry.heldUntil = uint48(block.timestamp) + unlockSeconds;
        uint256 fromOwn = (uint256(entry.own) * slashBps) / 10_000;
        uint256 fromUnlocking = (uint256(entry.ownUnlocking) * slashBps) / 10_000;
        entry.own -= uint128(fromOwn);
        entry.ownUnlocking -= uint128(fromUnlocking);
        _suspend(delegate);
        emit Slashed(delegate, kind, height, fromOwn + fromUnlocking, reporter);
        _forfeit(fromOwn + fromUnlocking, reporter);
    }

    /// @notice Suspends a delegate that was silent for too long.
    function expel(address delegate) external onlySystem {
        if (_isKnown(delegate)) _suspend(delegate);
    }

    /// @notice Closes a round.
    /// @param setHash of the set that was elected
    /// @param totalWeight of that set
    function closeEpoch(uint64 closed, bytes32 setHash, uint64 totalWeight, address[] calldata) external onlySystem {
        (epoch, setWeight) = (closed, totalWeight);
        emit EpochClosed(closed, setHash);
    }

    /// @notice A delegate's entry; its owner is zero if there is none.
    function entryOf(address delegate) external view returns (Entry memory) {
        return _entries[delegate];
    }

    /// @notice What a voter has with a delegate, and what its shares are worth in wei.
    function voteOf(address delegate, address voter) external view returns (Vote memory own, uint256 votesWei) {
        own = _votes[delegate][voter];
        votesWei = _entries[delegate].votes.worth(own.shares);
    }

    function _isKnown(address delegate) internal view override returns (bool) {
        return _entries[delegate].owner != address(0);
    }

    function _admit(Request storage request) internal override returns (bool) {
        if (isNameTaken[request.note]) return false;
        isNameTaken[request.note] = true;
        Entry storage entry = _entries[request.validator];
        (entry.owner, entry.scheme, entry.name) = (request.owner, request.scheme, request.note);
        (entry.payTo, entry.commissionBps) = (request.payTo, request.commissionBps);
        _burn(request.amount);
        return true;
    }

    function _reward(address delegate, uint256 amount) internal override {
        Entry storage entry = _entries[delegate];
        _share(delegate, entry.votes, Split(amount, entry.commissionBps, entry.owner));
        _weigh(delegate, entry);
    }

    function _suspend(address delegate) private {
        _entries[delegate].isSuspended = true;
        _candidates.remove(delegate);
        emit Suspended(delegate);
    }

    function _weigh(address delegate, Entry storage entry) private {
        uint256 most = OWN_FACTOR * entry.own;
        uint256 all = uint256(entry.own) + entry.votes.amount;
        _list(delegate, entry.isSuspended ? 0 : (all < most ? all : most) / 1 gwei);
    }

    /// @dev Whether the caller has no votes there.
    function _isNothing(Entry storage entry, Vote storage own) private view returns (bool) {
        return own.shares == 0 && (msg.sender != entry.owner || entry.own == 0);
    }

    function _known(address delegate) private view returns (Entry storage entry) {
        entry = _entries[delegate];
        require(entry.owner != address(0), NoDelegate(delegate));
    }
}
