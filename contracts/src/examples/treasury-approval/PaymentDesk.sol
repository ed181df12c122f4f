// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title Takes requests for payments and pays those that were approved
/// @notice Anybody may ask. Each request is decided once: it is paid from what lies here, or refused.
contract PaymentDesk is AccessControl {
    /// @notice May decide requests.
    bytes32 public constant PAYER_ROLE = keccak256("PAYER_ROLE");

    /// @notice Longest purpose, in bytes.
    uint256 public constant MAX_PURPOSE = 256;

    /// @notice What has become of a request.
    enum State {
        None,
        Requested,
        Paid,
        Refused
    }

    /// @notice A request by its number.
    struct Request {
        address payable payee;
        State state;
        uint256 amount;
    }

    /// @notice Requests, counted from 1.
    uint256 public requestCount;

    /// @notice Requests by number.
    mapping(uint256 id => Request) public requests;

    /// @notice Somebody asks that `payee` gets `amount` wei.
    event PaymentRequested(uint256 indexed id, address indexed payee, uint256 amount, string purpose);

    /// @notice `payee` got `amount` wei.
    event Paid(uint256 indexed id, address indexed payee, uint256 amount);

    /// @notice The request will not be paid.
    event Refused(uint256 indexed id, string reason);

    /// @notice The amount is zero.
    error NoAmount();

    /// @notice The purpose is longer than allowed.
    error TooLong(uint256 length, uint256 most);

    /// @notice There is no such request, or it was decided.
    error NotOpen(uint256 id, State state);

    constructor() {
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
        _grantRole(PAYER_ROLE, msg.sender);
    }

    /// @notice Puts ether here to pay from.
    function fund() external payable {}

    /// @notice Asks that `payee` gets `amount` wei, and gives the request's number.
    function request(address payable payee, uint256 amount, string calldata purpose) external returns (uint256 id) {
        require(amount > 0, NoAmount());
        require(bytes(purpose).length <= MAX_PURPOSE, TooLong(bytes(purpose).length, MAX_PURPOSE));
        id = ++requestCount;
        requests[id] = Request(payee, State.Requested, amount);
        emit PaymentRequested(id, payee, amount, purpose);
    }

    /// @notice Pays a request that is open.
    function pay(uint256 id) external onlyRole(PAYER_ROLE) {
        Request storage one = _decide(id, State.Paid);
        emit Paid(id, one.payee, one.amount);
        Address.sendValue(one.payee, one.amount);
    }

    /// @notice Refuses a request that is open.
    function refuse(uint256 id, string calldata reason) external onlyRole(PAYER_ROLE) {
        _decide(id, State.Refused);
        emit Refused(id, reason);
    }

    /// @dev The state is written before anything is paid.
    function _decide(uint256 id, State state) private returns (Request storage one) {
        one = requests[id];
        require(one.state == State.Requested, NotOpen(id, one.state));
        one.state = state;
    }
}
