/** Holds the compiled interface of DepositVault, written by the contracts' build script. */

export const depositVaultAbi = [
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "token",
        "type": "address"
      },
      {
        "internalType": "address",
        "name": "admin",
        "type": "address"
      }
    ],
    "stateMutability": "nonpayable",
    "type": "constructor"
  },
  {
    "inputs": [],
    "name": "AccessControlBadConfirmation",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "internalType": "bytes32",
        "name": "neededRole",
        "type": "bytes32"
      }
    ],
    "name": "AccessControlUnauthorizedAccount",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "ref",
        "type": "bytes32"
      }
    ],
    "name": "AlreadyRefunded",
    "type": "error"
  },
  {
    "inputs": [],
    "name": "FailedCall",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "balance",
        "type": "uint256"
      },
      {
        "internalType": "uint256",
        "name": "needed",
        "type": "uint256"
      }
    ],
    "name": "InsufficientBalance",
    "type": "error"
  },
  {
    "inputs": [],
    "name": "NoAmount",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "available",
        "type": "uint256"
      },
      {
        "internalType": "uint256",
        "name": "asked",
        "type": "uint256"
      }
    ],
    "name": "NotEnough",
    "type": "error"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "amount",
        "type": "uint256"
      },
      {
        "indexed": false,
        "internalType": "bytes32",
        "name": "memo",
        "type": "bytes32"
      }
    ],
    "name": "Deposited",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "amount",
        "type": "uint256"
      },
      {
        "indexed": true,
        "internalType": "bytes32",
        "name": "ref",
        "type": "bytes32"
      }
    ],
    "name": "Refunded",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "bytes32",
        "name": "role",
        "type": "bytes32"
      },
      {
        "indexed": true,
        "internalType": "bytes32",
        "name": "previousAdminRole",
        "type": "bytes32"
      },
      {
        "indexed": true,
        "internalType": "bytes32",
        "name": "newAdminRole",
        "type": "bytes32"
      }
    ],
    "name": "RoleAdminChanged",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "bytes32",
        "name": "role",
        "type": "bytes32"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "sender",
        "type": "address"
      }
    ],
    "name": "RoleGranted",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "bytes32",
        "name": "role",
        "type": "bytes32"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "sender",
        "type": "address"
      }
    ],
    "name": "RoleRevoked",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "amount",
        "type": "uint256"
      }
    ],
    "name": "Settled",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "to",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "amount",
        "type": "uint256"
      }
    ],
    "name": "Withdrawn",
    "type": "event"
  },
  {
    "inputs": [],
    "name": "DEFAULT_ADMIN_ROLE",
    "outputs": [
      {
        "internalType": "bytes32",
        "name": "",
        "type": "bytes32"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "REFUNDER_ROLE",
    "outputs": [
      {
        "internalType": "bytes32",
        "name": "",
        "type": "bytes32"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "TREASURER_ROLE",
    "outputs": [
      {
        "internalType": "bytes32",
        "name": "",
        "type": "bytes32"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "allocationToken",
    "outputs": [
      {
        "internalType": "address",
        "name": "",
        "type": "address"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "memo",
        "type": "bytes32"
      }
    ],
    "name": "deposit",
    "outputs": [],
    "stateMutability": "payable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "role",
        "type": "bytes32"
      }
    ],
    "name": "getRoleAdmin",
    "outputs": [
      {
        "internalType": "bytes32",
        "name": "",
        "type": "bytes32"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "role",
        "type": "bytes32"
      },
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      }
    ],
    "name": "grantRole",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "role",
        "type": "bytes32"
      },
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      }
    ],
    "name": "hasRole",
    "outputs": [
      {
        "internalType": "bool",
        "name": "",
        "type": "bool"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "ref",
        "type": "bytes32"
      }
    ],
    "name": "isRefunded",
    "outputs": [
      {
        "internalType": "bool",
        "name": "",
        "type": "bool"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address payable",
        "name": "account",
        "type": "address"
      },
      {
        "internalType": "uint256",
        "name": "amount",
        "type": "uint256"
      },
      {
        "internalType": "bytes32",
        "name": "ref",
        "type": "bytes32"
      }
    ],
    "name": "refund",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      }
    ],
    "name": "refundable",
    "outputs": [
      {
        "internalType": "uint256",
        "name": "",
        "type": "uint256"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "role",
        "type": "bytes32"
      },
      {
        "internalType": "address",
        "name": "callerConfirmation",
        "type": "address"
      }
    ],
    "name": "renounceRole",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "role",
        "type": "bytes32"
      },
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      }
    ],
    "name": "revokeRole",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      },
      {
        "internalType": "uint256",
        "name": "amount",
        "type": "uint256"
      }
    ],
    "name": "settle",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "settled",
    "outputs": [
      {
        "internalType": "uint256",
        "name": "",
        "type": "uint256"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes4",
        "name": "interfaceId",
        "type": "bytes4"
      }
    ],
    "name": "supportsInterface",
    "outputs": [
      {
        "internalType": "bool",
        "name": "",
        "type": "bool"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address payable",
        "name": "to",
        "type": "address"
      },
      {
        "internalType": "uint256",
        "name": "amount",
        "type": "uint256"
      }
    ],
    "name": "withdraw",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  }
] as const

export const depositVaultCreationCode: `0x${string}` = '0x60a060405234801561000f575f5ffd5b50604051610c38380380610c3883398101604081905261002e91610111565b6001600160a01b0382166080526100455f8261004d565b505050610142565b5f828152602081815260408083206001600160a01b038516845290915281205460ff166100ed575f838152602081815260408083206001600160a01b03861684529091529020805460ff191660011790556100a53390565b6001600160a01b0316826001600160a01b0316847f2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d60405160405180910390a45060016100f0565b505f5b92915050565b80516001600160a01b038116811461010c575f5ffd5b919050565b5f5f60408385031215610122575f5ffd5b61012b836100f6565b9150610139602084016100f6565b90509250929050565b608051610ade61015a5f395f6102bd0152610ade5ff3fe6080604052600436106100fa575f3560e01c80636e13691111610092578063a217fddf11610062578063a217fddf146102f7578063b214faa51461030a578063d547741f1461031d578063f0a3a97c1461033c578063f3fef3a31461036f575f5ffd5b80636e1369111461024a5780638f7758391461027857806391d148541461028d578063941b47eb146102ac575f5ffd5b80632f2ff15d116100cd5780632f2ff15d146101ae57806336568abe146101cd5780635960ccf2146101ec57806368ec0d991461021f575f5ffd5b806301ffc9a7146100fe5780630e66ac121461013257806315afd40914610153578063248a9ca314610172575b5f5ffd5b348015610109575f5ffd5b5061011d610118366004610999565b61038e565b60405190151581526020015b60405180910390f35b34801561013d575f5ffd5b5061015161014c3660046109db565b6103c4565b005b34801561015e575f5ffd5b5061015161016d366004610a0d565b6104a5565b34801561017d575f5ffd5b506101a061018c366004610a37565b5f9081526020819052604090206001015490565b604051908152602001610129565b3480156101b9575f5ffd5b506101516101c8366004610a4e565b610532565b3480156101d8575f5ffd5b506101516101e7366004610a4e565b610556565b3480156101f7575f5ffd5b506101a07fdb9556138406326f00296e13ea2ad7db24ba82381212d816b1a40c23b466b32781565b34801561022a575f5ffd5b506101a0610239366004610a7c565b60016020525f908152604090205481565b348015610255575f5ffd5b5061011d610264366004610a37565b60036020525f908152604090205460ff1681565b348015610283575f5ffd5b506101a060025481565b348015610298575f5ffd5b5061011d6102a7366004610a4e565b61058e565b3480156102b7575f5ffd5b506102df7f000000000000000000000000000000000000000000000000000000000000000081565b6040516001600160a01b039091168152602001610129565b348015610302575f5ffd5b506101a05f81565b610151610318366004610a37565b6105b6565b348015610328575f5ffd5b50610151610337366004610a4e565b610637565b348015610347575f5ffd5b506101a07f3496e2e73c4d42b75d702e60d9e48102720b8691234415963a5a857b86425d0781565b34801561037a575f5ffd5b50610151610389366004610a0d565b61065b565b5f6001600160e01b03198216637965db0b60e01b14806103be57506301ffc9a760e01b6001600160e01b03198316145b92915050565b7fdb9556138406326f00296e13ea2ad7db24ba82381212d816b1a40c23b466b3276103ee81610733565b5f82815260036020526040902054829060ff161561042b57604051631316266b60e01b815260040161042291815260200190565b60405180910390fd5b506104368484610740565b5f8281526003602052604090819020805460ff191660011790555182906001600160a01b038616907fd38d0f28aa169b7bccdea6bc2e043c2b224d3031f69564e09c9287d84ca87ef39061048d9087815260200190565b60405180910390a361049f84846107d1565b50505050565b7f3496e2e73c4d42b75d702e60d9e48102720b8691234415963a5a857b86425d076104cf81610733565b6104d98383610740565b8160025f8282546104ea9190610aab565b90915550506040518281526001600160a01b038416907f7823e479a1a4ebe2418874847436f8a1680c5ee5b17f38bb59dbff28e1b455529060200160405180910390a2505050565b5f8281526020819052604090206001015461054c81610733565b61049f8383610848565b6001600160a01b038116331461057f5760405163334bd91960e11b815260040160405180910390fd5b61058982826108d7565b505050565b5f918252602082815260408084206001600160a01b0393909316845291905290205460ff1690565b5f34116105d657604051637bc90c0560e11b815260040160405180910390fd5b335f90815260016020526040812080543492906105f4908490610aab565b9091555050604080513481526020810183905233917fd7eda976cf4919f13172eb15bb39c64cecb7172258c741dab31d14c855eff402910160405180910390a250565b5f8281526020819052604090206001015461065181610733565b61049f83836108d7565b7f3496e2e73c4d42b75d702e60d9e48102720b8691234415963a5a857b86425d0761068581610733565b5f82116106a557604051637bc90c0560e11b815260040160405180910390fd5b60025482818111156106d357604051638b29af5960e01b815260048101929092526024820152604401610422565b50508160025f8282546106e69190610abe565b90915550506040518281526001600160a01b038416907f7084f5476618d8e60b11ef0d7d3f06914655adb8793e28ff7f018d4c76d505d59060200160405180910390a261058983836107d1565b61073d8133610940565b50565b5f811161076057604051637bc90c0560e11b815260040160405180910390fd5b6001600160a01b0382165f908152600160205260409020548082818111156107a457604051638b29af5960e01b815260048101929092526024820152604401610422565b506107b190508282610abe565b6001600160a01b039093165f908152600160205260409020929092555050565b804710156107fb5760405163cf47918160e01b815247600482015260248101829052604401610422565b610814828260405180602001604052805f815250610979565b1561081d575050565b3d1561082f5761082b61098e565b5050565b60405163d6bda27560e01b815260040160405180910390fd5b5f610853838361058e565b6108d0575f838152602081815260408083206001600160a01b03861684529091529020805460ff191660011790556108883390565b6001600160a01b0316826001600160a01b0316847f2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d60405160405180910390a45060016103be565b505f6103be565b5f6108e2838361058e565b156108d0575f838152602081815260408083206001600160a01b0386168085529252808320805460ff1916905551339286917ff6391f5c32d9c69d2a47ea670b442974b53935d1edc7fd64eb21e047a839171b9190a45060016103be565b61094a828261058e565b61082b5760405163e2517d3f60e01b81526001600160a01b038216600482015260248101839052604401610422565b5f5f5f83516020850186885af1949350505050565b6040513d5f823e3d81fd5b5f602082840312156109a9575f5ffd5b81356001600160e01b0319811681146109c0575f5ffd5b9392505050565b6001600160a01b038116811461073d575f5ffd5b5f5f5f606084860312156109ed575f5ffd5b83356109f8816109c7565b95602085013595506040909401359392505050565b5f5f60408385031215610a1e575f5ffd5b8235610a29816109c7565b946020939093013593505050565b5f60208284031215610a47575f5ffd5b5035919050565b5f5f60408385031215610a5f575f5ffd5b823591506020830135610a71816109c7565b809150509250929050565b5f60208284031215610a8c575f5ffd5b81356109c0816109c7565b634e487b7160e01b5f52601160045260245ffd5b808201808211156103be576103be610a97565b818103818111156103be576103be610a9756fea164736f6c6343000825000a'
