// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Shapes of validators' keys, and the addresses that stand for them
/// @notice Ed25519 (RFC 8032) is scheme 1, ML-DSA-65 (FIPS 204) is 2, compressed secp256k1 is 3.
library ValidatorKeys {
    uint8 internal constant ED25519 = 1;
    uint8 internal constant ML_DSA_65 = 2;
    uint8 internal constant SECP256K1 = 3;

    /// @notice There is no such scheme, or its keys have another length.
    error BadKey(uint8 scheme, uint256 length);

    /// @notice Signatures of the scheme have another length.
    error BadProof(uint8 scheme, uint256 length);

    /// @notice The last 20 bytes of keccak256(scheme ‖ public key).
    function validatorOf(uint8 scheme, bytes memory publicKey) internal pure returns (address) {
        uint256 length = scheme == ED25519 ? 32 : scheme == ML_DSA_65 ? 1_952 : scheme == SECP256K1 ? 33 : 0;
        require(length > 0 && publicKey.length == length, BadKey(scheme, publicKey.length));
        return address(uint160(uint256(keccak256(abi.encodePacked(scheme, publicKey)))));
    }

    /// @notice Refuses what cannot be a signature of the scheme; whether it is good, the protocol checks.
    function checkProof(uint8 scheme, bytes memory proof) internal pure {
        uint256 length = scheme == ED25519 ? 64 : scheme == ML_DSA_65 ? 3_309 : 65;
        require(proof.length == length, BadProof(scheme, proof.length));
    }
}
