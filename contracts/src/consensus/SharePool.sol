// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Ether that many own by shares, so that a reward or a punishment reaches all of them at once
/// @dev Rounds in favour of those who stay. Amounts and shares are below 2^128, so products fit.
library SharePool {
    struct Pool {
        uint128 amount;
        uint128 shares;
    }

    /// @notice Puts wei in and gives shares for it; none if a share is worth more.
    function mint(Pool storage pool, uint256 amount) internal returns (uint128 shares) {
        uint256 bought = pool.shares == 0 ? amount : (amount * pool.shares) / pool.amount;
        pool.amount += uint128(amount);
        shares = uint128(bought);
        pool.shares += shares;
    }

    /// @notice Takes out what shares are worth.
    function burn(Pool storage pool, uint128 shares) internal returns (uint128 amount) {
        amount = worth(pool, shares);
        pool.amount -= amount;
        pool.shares -= shares;
    }

    /// @notice Takes a part of everybody's.
    function cut(Pool storage pool, uint256 bps) internal returns (uint256 amount) {
        amount = (uint256(pool.amount) * bps) / 10_000;
        pool.amount -= uint128(amount);
    }

    /// @notice What shares are worth, in wei.
    function worth(Pool storage pool, uint128 shares) internal view returns (uint128) {
        return shares == 0 ? 0 : uint128((uint256(shares) * pool.amount) / pool.shares);
    }
}
