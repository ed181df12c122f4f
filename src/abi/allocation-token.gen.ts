/** Holds the compiled interface of AllocationToken, written by the contracts' build script. */

export const allocationTokenAbi = [
  {
    "inputs": [
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
    "name": "AlreadyAllocated",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "increasedSupply",
        "type": "uint256"
      },
      {
        "internalType": "uint256",
        "name": "cap",
        "type": "uint256"
      }
    ],
    "name": "ERC20ExceededCap",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "spender",
        "type": "address"
      },
      {
        "internalType": "uint256",
        "name": "allowance",
        "type": "uint256"
      },
      {
        "internalType": "uint256",
        "name": "needed",
        "type": "uint256"
      }
    ],
    "name": "ERC20InsufficientAllowance",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "sender",
        "type": "address"
      },
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
    "name": "ERC20InsufficientBalance",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "approver",
        "type": "address"
      }
    ],
    "name": "ERC20InvalidApprover",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "cap",
        "type": "uint256"
      }
    ],
    "name": "ERC20InvalidCap",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "receiver",
        "type": "address"
      }
    ],
    "name": "ERC20InvalidReceiver",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "sender",
        "type": "address"
      }
    ],
    "name": "ERC20InvalidSender",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "spender",
        "type": "address"
      }
    ],
    "name": "ERC20InvalidSpender",
    "type": "error"
  },
  {
    "inputs": [],
    "name": "NothingToAllocate",
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
        "indexed": true,
        "internalType": "bytes32",
        "name": "ref",
        "type": "bytes32"
      }
    ],
    "name": "Allocated",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "owner",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "spender",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "value",
        "type": "uint256"
      }
    ],
    "name": "Approval",
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
        "name": "from",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "to",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "value",
        "type": "uint256"
      }
    ],
    "name": "Transfer",
    "type": "event"
  },
  {
    "inputs": [],
    "name": "ALLOCATOR_ROLE",
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
    "name": "MAX_SUPPLY",
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
        "internalType": "address",
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
    "name": "allocate",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "owner",
        "type": "address"
      },
      {
        "internalType": "address",
        "name": "spender",
        "type": "address"
      }
    ],
    "name": "allowance",
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
        "internalType": "address",
        "name": "spender",
        "type": "address"
      },
      {
        "internalType": "uint256",
        "name": "value",
        "type": "uint256"
      }
    ],
    "name": "approve",
    "outputs": [
      {
        "internalType": "bool",
        "name": "",
        "type": "bool"
      }
    ],
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
    "name": "balanceOf",
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
    "inputs": [],
    "name": "cap",
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
    "inputs": [],
    "name": "decimals",
    "outputs": [
      {
        "internalType": "uint8",
        "name": "",
        "type": "uint8"
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
    "name": "isAllocated",
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
    "inputs": [],
    "name": "name",
    "outputs": [
      {
        "internalType": "string",
        "name": "",
        "type": "string"
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
    "inputs": [],
    "name": "symbol",
    "outputs": [
      {
        "internalType": "string",
        "name": "",
        "type": "string"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "totalSupply",
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
        "internalType": "address",
        "name": "to",
        "type": "address"
      },
      {
        "internalType": "uint256",
        "name": "value",
        "type": "uint256"
      }
    ],
    "name": "transfer",
    "outputs": [
      {
        "internalType": "bool",
        "name": "",
        "type": "bool"
      }
    ],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "from",
        "type": "address"
      },
      {
        "internalType": "address",
        "name": "to",
        "type": "address"
      },
      {
        "internalType": "uint256",
        "name": "value",
        "type": "uint256"
      }
    ],
    "name": "transferFrom",
    "outputs": [
      {
        "internalType": "bool",
        "name": "",
        "type": "bool"
      }
    ],
    "stateMutability": "nonpayable",
    "type": "function"
  }
] as const

export const allocationTokenCreationCode: `0x${string}` = '0x60a060405234801561000f575f5ffd5b50604051610ff6380380610ff683398101604081905261002e91610193565b6b033b2e3c9fd0803ce80000006040518060400160405280601881526020017f5175616e74756d53747265616d20416c6c6f636174696f6e00000000000000008152506040518060400160405280600381526020016251534160e81b815250816003908161009c9190610263565b5060046100a98282610263565b505050805f036100d25760405163392e1e2760e01b81525f600482015260240160405180910390fd5b6080526100df5f826100e6565b5050610321565b5f8281526005602090815260408083206001600160a01b038516845290915281205460ff1661018a575f8381526005602090815260408083206001600160a01b03861684529091529020805460ff191660011790556101423390565b6001600160a01b0316826001600160a01b0316847f2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d60405160405180910390a450600161018d565b505f5b92915050565b5f602082840312156101a3575f5ffd5b81516001600160a01b03811681146101b9575f5ffd5b9392505050565b634e487b7160e01b5f52604160045260245ffd5b600181811c908216806101e857607f821691505b60208210810361020657634e487b7160e01b5f52602260045260245ffd5b50919050565b601f82111561025e578282111561025e57805f5260205f20601f840160051c602085101561023757505f5b90810190601f840160051c035f5b8181101561025a575f83820155600101610245565b5050505b505050565b81516001600160401b0381111561027c5761027c6101c0565b6102908161028a84546101d4565b8461020c565b6020601f8211600181146102c2575f83156102ab5750848201515b5f19600385901b1c1916600184901b17845561031a565b5f84815260208120601f198516915b828110156102f157878501518255602094850194600190920191016102d1565b508482101561030e57868401515f19600387901b60f8161c191681555b505060018360011b0184555b5050505050565b608051610cb66103405f395f8181610228015261090f0152610cb65ff3fe608060405234801561000f575f5ffd5b5060043610610132575f3560e01c8063355274ea116100b457806395d89b411161007957806395d89b41146102ad578063a217fddf146102b5578063a9059cbb146102bc578063c81cbaa1146102cf578063d547741f146102f6578063dd62ed3e14610309575f5ffd5b8063355274ea1461022657806336568abe1461024c57806355be7f731461025f57806370a082311461027257806391d148541461029a575f5ffd5b806323b872dd116100fa57806323b872dd146101ba578063248a9ca3146101cd5780632f2ff15d146101ef578063313ce5671461020457806332cb6b0c14610213575f5ffd5b806301ffc9a71461013657806306fdde031461015e578063095ea7b3146101735780630ba0467e1461018657806318160ddd146101a8575b5f5ffd5b610149610144366004610ac0565b610341565b60405190151581526020015b60405180910390f35b610166610377565b6040516101559190610aee565b610149610181366004610b3e565b610407565b610149610194366004610b66565b60066020525f908152604090205460ff1681565b6002545b604051908152602001610155565b6101496101c8366004610b7d565b61041e565b6101ac6101db366004610b66565b5f9081526005602052604090206001015490565b6102026101fd366004610bb7565b610441565b005b60405160128152602001610155565b6101ac6b033b2e3c9fd0803ce800000081565b7f00000000000000000000000000000000000000000000000000000000000000006101ac565b61020261025a366004610bb7565b61046b565b61020261026d366004610be1565b6104a3565b6101ac610280366004610c11565b6001600160a01b03165f9081526020819052604090205490565b6101496102a8366004610bb7565b610594565b6101666105be565b6101ac5f81565b6101496102ca366004610b3e565b6105cd565b6101ac7f68bf109b95a5c15fb2bb99041323c27d15f8675e11bf7420a1cd6ad64c394f4681565b610202610304366004610bb7565b6105da565b6101ac610317366004610c2a565b6001600160a01b039182165f90815260016020908152604080832093909416825291909152205490565b5f6001600160e01b03198216637965db0b60e01b148061037157506301ffc9a760e01b6001600160e01b03198316145b92915050565b60606003805461038690610c52565b80601f01602080910402602001604051908101604052809291908181526020018280546103b290610c52565b80156103fd5780601f106103d4576101008083540402835291602001916103fd565b820191905f5260205f20905b8154815290600101906020018083116103e057829003601f168201915b5050505050905090565b5f336104148185856105fe565b5060019392505050565b5f3361042b85828561060b565b610436858585610681565b506001949350505050565b5f8281526005602052604090206001015461045b816106de565b61046583836106eb565b50505050565b6001600160a01b03811633146104945760405163334bd91960e11b815260040160405180910390fd5b61049e828261077c565b505050565b7f68bf109b95a5c15fb2bb99041323c27d15f8675e11bf7420a1cd6ad64c394f466104cd816106de565b5f83116104ed5760405163e280e5c960e01b815260040160405180910390fd5b5f82815260066020526040902054829060ff161561052a57604051637ff3ba6360e01b815260040161052191815260200190565b60405180910390fd5b505f8281526006602052604090819020805460ff191660011790555182906001600160a01b038616907ff639a66eae4317da6e469f68006a3d7b9054d7042ee8a645c8024bb29da68c8c906105829087815260200190565b60405180910390a361046584846107e7565b5f9182526005602090815260408084206001600160a01b0393909316845291905290205460ff1690565b60606004805461038690610c52565b5f33610414818585610681565b5f828152600560205260409020600101546105f4816106de565b610465838361077c565b61049e838383600161081f565b6001600160a01b038381165f908152600160209081526040808320938616835292905220545f19811015610465578181101561067357604051637dc7a0d960e11b81526001600160a01b03841660048201526024810182905260448101839052606401610521565b61046584848484035f61081f565b6001600160a01b0383166106aa57604051634b637e8f60e11b81525f6004820152602401610521565b6001600160a01b0382166106d35760405163ec442f0560e01b81525f6004820152602401610521565b61049e8383836108f1565b6106e88133610961565b50565b5f6106f68383610594565b610775575f8381526005602090815260408083206001600160a01b03861684529091529020805460ff1916600117905561072d3390565b6001600160a01b0316826001600160a01b0316847f2f8788117e7eff1d82e926ec794901d17c78024a50270940304540a733656f0d60405160405180910390a4506001610371565b505f610371565b5f6107878383610594565b15610775575f8381526005602090815260408083206001600160a01b0386168085529252808320805460ff1916905551339286917ff6391f5c32d9c69d2a47ea670b442974b53935d1edc7fd64eb21e047a839171b9190a4506001610371565b6001600160a01b0382166108105760405163ec442f0560e01b81525f6004820152602401610521565b61081b5f83836108f1565b5050565b6001600160a01b0384166108485760405163e602df0560e01b81525f6004820152602401610521565b6001600160a01b03831661087157604051634a1406b160e11b81525f6004820152602401610521565b6001600160a01b038085165f908152600160209081526040808320938716835292905220829055801561046557826001600160a01b0316846001600160a01b03167f8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925846040516108e391815260200190565b60405180910390a350505050565b6108fc83838361099a565b6001600160a01b03831661049e576002547f0000000000000000000000000000000000000000000000000000000000000000908181111561095a5760405163279e7e1560e21b81526004810182905260248101839052604401610521565b5050505050565b61096b8282610594565b61081b5760405163e2517d3f60e01b81526001600160a01b038216600482015260248101839052604401610521565b6001600160a01b0383166109c4578060025f8282546109b99190610c8a565b90915550610a349050565b6001600160a01b0383165f9081526020819052604090205481811015610a165760405163391434e360e21b81526001600160a01b03851660048201526024810182905260448101839052606401610521565b6001600160a01b0384165f9081526020819052604090209082900390555b6001600160a01b038216610a5057600280548290039055610a6e565b6001600160a01b0382165f9081526020819052604090208054820190555b816001600160a01b0316836001600160a01b03167fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef83604051610ab391815260200190565b60405180910390a3505050565b5f60208284031215610ad0575f5ffd5b81356001600160e01b031981168114610ae7575f5ffd5b9392505050565b602081525f82518060208401528060208501604085015e5f604082850101526040601f19601f83011684010191505092915050565b80356001600160a01b0381168114610b39575f5ffd5b919050565b5f5f60408385031215610b4f575f5ffd5b610b5883610b23565b946020939093013593505050565b5f60208284031215610b76575f5ffd5b5035919050565b5f5f5f60608486031215610b8f575f5ffd5b610b9884610b23565b9250610ba660208501610b23565b929592945050506040919091013590565b5f5f60408385031215610bc8575f5ffd5b82359150610bd860208401610b23565b90509250929050565b5f5f5f60608486031215610bf3575f5ffd5b610bfc84610b23565b95602085013595506040909401359392505050565b5f60208284031215610c21575f5ffd5b610ae782610b23565b5f5f60408385031215610c3b575f5ffd5b610c4483610b23565b9150610bd860208401610b23565b600181811c90821680610c6657607f821691505b602082108103610c8457634e487b7160e01b5f52602260045260245ffd5b50919050565b8082018082111561037157634e487b7160e01b5f52601160045260245ffdfea164736f6c6343000825000a'
