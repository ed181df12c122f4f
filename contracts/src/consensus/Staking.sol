// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {CandidateList} from "./CandidateList.sol";
import {SharePool} from "./SharePool.sol";
import {StakedSet} from "./StakedSet.sol";

/// @title The stakes of a proof-of-stake chain
/// @notice Stake gives weight. Whoever adds stake to a validator shares in its rewards and in its punishment. What leaves is
/// slashable until it is withdrawn: after a period in seconds and one in blocks, both from when the validator was last known
/// to be in the set if all of it leaves.
/// @dev Engines read `_entries` (slot 7, five slots each) beside what `StakedSet` holds.
contract Staking is StakedSet {
    using CandidateList for CandidateList.List;
    using SharePool for SharePool.Pool;

    /// @notice A validator that is slashed or has exited never comes back under its key.
    enum Status {
        None,
        Active,
        Exiting,
        Slashed
    }

    /// @notice A validator; clocks say since when a withdrawal waits.
    struct Entry {
        address owner;
        uint8 scheme;
        Status status;
        uint16 commissionBps;
        uint32 exitBlock;
        uint32 committedAt;
        address payTo;
        uint48 clockBlock;
        uint48 clockTime;
        bytes32 commitment;
        SharePool.Pool stake;
        SharePool.Pool unbonding;
    }

    /// @notice What an account has with a validator, in shares of its stake and of what leaves it.
    struct Holding {
        uint128 shares;
        uint128 unbonding;
        uint48 clockBlock;
        uint48 clockTime;
    }

    /// @notice Most wei with one validator, so that 128 of them weigh less than 2^63 gwei together.
    uint256 public constant MAX_STAKE = (2 ** 56 - 1) * 1 gwei;

    /// @notice Epochs before the current one whose faults make a fault dearer.
    uint64 public constant CORRELATED_EPOCHS = 8;

    mapping(address validator => Entry) private _entries;
    mapping(address validator => mapping(address account => Holding)) private _holdings;
    mapping(uint64 epoch => uint256) private _faultWeight;

    /// @notice Least wei that a validator's owner has with it.
    uint128 public minStake;

    /// @notice A withdrawal waits for so many seconds.
    uint48 public unbondingSeconds;

    /// @notice A withdrawal waits for so many blocks.
    uint48 public unbondingBlocks;

    /// @notice Part of the stake that a fault costs, in 1/10,000.
    uint16 public doubleSignBps;

    /// @notice A fault costs so many times the part of the set's weight that was slashed lately, in addition.
    uint16 public correlation;

    /// @notice An account has more stake with a validator.
    event StakeAdded(address indexed validator, address indexed account, uint256 amount, uint256 shares);

    /// @notice Stake began to leave.
    event StakeRemoved(address indexed validator, address indexed account, uint256 amount, uint256 shares);

    /// @notice A validator asked to leave, was evicted by a heavier one, or was silent for too long.
    event Exited(address indexed validator);

    /// @notice A validator commits to another chain of hashes from the next epoch on.
    event Recommitted(address indexed validator, bytes32 commitment);

    /// @notice The terms of a validator changed.
    event TermsChanged(address indexed validator, address payTo, uint16 commissionBps);

    /// @notice The validator takes and returns no stake: it is unknown, leaves or was slashed.
    error NotActive(address validator);

    /// @notice The owner would have less than the least with its validator.
    error BelowMinimum(uint256 minimum);

    /// @notice A validator would have more than the most.
    error AboveMaximum(uint256 maximum);

    /// @notice The account has fewer shares.
    error NotEnough(uint256 available, uint256 asked);

    modifier onlyOwner(address validator) {
        require(_entries[validator].owner == msg.sender, NotOwner(msg.sender));
        _;
    }

    /// @notice Asks to become a validator with the ether sent along as stake.
    /// @param commitment the last hash of a chain of hashes, for randomness
    /// @param commissionBps part of rewards that the owner keeps before they are shared, in 1/10,000
    function deposit(
        ProvenKey calldata key,
        address payTo,
        bytes32 commitment,
        uint16 commissionBps
    ) external payable {
        require(msg.value >= minStake, BelowMinimum(minStake));
        require(msg.value <= MAX_STAKE, AboveMaximum(MAX_STAKE));
        _request(key, payTo, commissionBps, commitment);
    }

    /// @notice Adds the ether sent along to a validator's stake, as its owner or anybody else.
    function addStake(address validator) external payable {
        Entry storage entry = _active(validator);
        require(entry.stake.amount + msg.value <= MAX_STAKE, AboveMaximum(MAX_STAKE));
        uint128 shares = entry.stake.mint(msg.value);
        require(shares > 0, BadAmount(msg.value));
        _holdings[validator][msg.sender].shares += shares;
        held += msg.value;
        _weigh(validator, entry);
        emit StakeAdded(validator, msg.sender, msg.value, shares);
    }

    /// @notice Begins to take stake out of a validator; what the caller takes out already waits anew, too.
    function removeStake(address validator, uint128 shares) external {
        Entry storage entry = _active(validator);
        Holding storage holding = _holdings[validator][msg.sender];
        require(shares <= holding.shares, NotEnough(holding.shares, shares));
        holding.shares -= shares;
        uint128 amount = entry.stake.burn(shares);
        require(amount > 0, BadAmount(amount));
        bool isShort = msg.sender == entry.owner && entry.stake.worth(holding.shares) < minStake;
        require(!isShort, BelowMinimum(minStake));
        holding.unbonding += entry.unbonding.mint(amount);
        (holding.clockBlock, holding.clockTime) = (uint48(block.number), uint48(block.timestamp));
        _weigh(validator, entry);
        emit StakeRemoved(validator, msg.sender, amount, shares);
    }

    /// @notice Ends a validator: it is out at the next epoch, or later if too many leave.
    function requestExit(address validator) external onlyOwner(validator) {
        _active(validator);
        _exit(validator);
    }

    /// @notice Pays what the caller has with a validator and has waited for.
    function withdraw(address validator, address payable to) external {
        Entry storage entry = _entries[validator];
        Holding storage holding = _holdings[validator][msg.sender];
        uint256 amount;
        if (_isOver(holding.clockBlock, holding.clockTime)) {
            amount += entry.unbonding.burn(holding.unbonding);
            holding.unbonding = 0;
        }
        if (entry.status >= Status.Exiting && _isOver(entry.clockBlock, entry.clockTime)) {
            amount += entry.stake.burn(holding.shares);
            holding.shares = 0;
        }
        _pay(to, amount);
    }

    /// @notice Commits to another chain of hashes, from the next epoch on.
    function recommit(address validator, bytes32 commitment) external onlyOwner(validator) {
        Entry storage entry = _active(validator);
        (entry.commitment, entry.committedAt) = (commitment, _blockNumber());
        emit Recommitted(validator, commitment);
    }

    /// @notice Sends fees elsewhere, and takes less of rewards; more it cannot take.
    function setTerms(address validator, address payTo, uint16 commissionBps) external onlyOwner(validator) {
        Entry storage entry = _entries[validator];
        require(payTo != address(0), ZeroAddress());
        require(commissionBps <= entry.commissionBps, BadCommission(commissionBps));
        (entry.payTo, entry.commissionBps) = (payTo, commissionBps);
        emit TermsChanged(validator, payTo, commissionBps);
    }

    /// @notice Punishes a validator, once, and puts it out.
    /// @param kind 1 for two votes, 2 for two proposals
    /// @param reporter whose block has the evidence; gets 1/16
    function slash(address validator, uint8 kind, uint64 height, address reporter) external onlySystem {
        Entry storage entry = _entries[validator];
        if (entry.status == Status.None || entry.status == Status.Slashed) return;
        if (entry.status == Status.Active) _leave(validator, entry);
        entry.status = Status.Slashed;
        uint256 bps = _penaltyBps();
        _faultWeight[epoch] += entry.stake.amount / 1 gwei;
        uint256 amount = entry.stake.cut(bps) + entry.unbonding.cut(bps);
        emit Slashed(validator, kind, height, amount, reporter);
        _forfeit(amount, reporter);
    }

    /// @notice Ends a validator that was silent for too long.
    function expel(address validator) external onlySystem {
        if (_entries[validator].status == Status.Active) _exit(validator);
    }

    /// @notice Closes an epoch.
    /// @param setHash of the set that was elected
    /// @param totalWeight of that set
    /// @param members of that set; what their validators' accounts withdraw waits from now on
    function closeEpoch(
        uint64 closed,
        bytes32 setHash,
        uint64 totalWeight,
        address[] calldata members
    ) external onlySystem {
        (epoch, setWeight) = (closed, totalWeight);
        for (uint256 place = 0; place < members.length; ++place) _startClock(_entries[members[place]]);
        emit EpochClosed(closed, setHash);
    }

    /// @notice A validator's entry; its status is 0 if there is none.
    function entryOf(address validator) external view returns (Entry memory) {
        return _entries[validator];
    }

    /// @notice What an account has with a validator, and what it is worth in wei.
    function holdingOf(
        address validator,
        address account
    ) external view returns (Holding memory holding, uint256 stakeWei, uint256 unbondingWei) {
        holding = _holdings[validator][account];
        stakeWei = _entries[validator].stake.worth(holding.shares);
        unbondingWei = _entries[validator].unbonding.worth(holding.unbonding);
    }

    function _isKnown(address validator) internal view override returns (bool) {
        return _entries[validator].status != Status.None;
    }

    function _admit(Request storage request) internal override returns (bool) {
        address validator = request.validator;
        address gone = _list(validator, request.amount / 1 gwei);
        if (gone == validator) return false;
        if (gone != address(0)) _exit(gone);
        Entry storage entry = _entries[validator];
        (entry.owner, entry.scheme, entry.status) = (request.owner, request.scheme, Status.Active);
        (entry.payTo, entry.commissionBps) = (request.payTo, request.commissionBps);
        (entry.commitment, entry.committedAt) = (request.note, _blockNumber());
        _holdings[validator][request.owner].shares = entry.stake.mint(request.amount);
        return true;
    }

    function _reward(address validator, uint256 amount) internal override {
        Entry storage entry = _entries[validator];
        _share(validator, entry.stake, Split(amount, entry.commissionBps, entry.owner));
        if (entry.status == Status.Active) _weigh(validator, entry);
    }

    function _exit(address validator) private {
        Entry storage entry = _entries[validator];
        entry.status = Status.Exiting;
        _leave(validator, entry);
        emit Exited(validator);
    }

    function _leave(address validator, Entry storage entry) private {
        _candidates.remove(validator);
        entry.exitBlock = _blockNumber();
        _startClock(entry);
    }

    function _startClock(Entry storage entry) private {
        (entry.clockBlock, entry.clockTime) = (uint48(block.number), uint48(block.timestamp));
    }

    function _weigh(address validator, Entry storage entry) private {
        uint256 stake = entry.stake.amount < MAX_STAKE ? entry.stake.amount : MAX_STAKE;
        _list(validator, stake / 1 gwei);
    }

    /// @dev The base, and more if others of the set were at fault in this epoch or the last ones; never over the whole.
    function _penaltyBps() private view returns (uint256 bps) {
        uint256 faulty;
        for (uint64 ago = 0; ago <= CORRELATED_EPOCHS && ago <= epoch; ++ago) faulty += _faultWeight[epoch - ago];
        uint256 total = setWeight == 0 ? 1 : setWeight;
        bps = doubleSignBps + (correlation * faulty * 10_000) / total;
        if (bps > 10_000) bps = 10_000;
    }

    function _active(address validator) private view returns (Entry storage entry) {
        entry = _entries[validator];
        require(entry.status == Status.Active, NotActive(validator));
    }

    function _isOver(uint48 sinceBlock, uint48 sinceTime) private view returns (bool) {
        return block.number >= uint256(sinceBlock) + unbondingBlocks
            && block.timestamp >= uint256(sinceTime) + unbondingSeconds;
    }
}
