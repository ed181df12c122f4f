/** Holds the compiled interface of NodeList, written by the contracts' build script. */

export const nodeListAbi = [
  {
    "inputs": [
      {
        "internalType": "bytes32[]",
        "name": "first",
        "type": "bytes32[]"
      }
    ],
    "stateMutability": "nonpayable",
    "type": "constructor"
  },
  {
    "inputs": [],
    "name": "ListFull",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "node",
        "type": "bytes32"
      }
    ],
    "name": "NothingToDo",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "owner",
        "type": "address"
      }
    ],
    "name": "OwnableInvalidOwner",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      }
    ],
    "name": "OwnableUnauthorizedAccount",
    "type": "error"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "bytes32",
        "name": "node",
        "type": "bytes32"
      }
    ],
    "name": "NodeAdded",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "bytes32",
        "name": "node",
        "type": "bytes32"
      }
    ],
    "name": "NodeRemoved",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "previousOwner",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "newOwner",
        "type": "address"
      }
    ],
    "name": "OwnershipTransferStarted",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "previousOwner",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "newOwner",
        "type": "address"
      }
    ],
    "name": "OwnershipTransferred",
    "type": "event"
  },
  {
    "inputs": [],
    "name": "MOST",
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
    "name": "acceptOwnership",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "node",
        "type": "bytes32"
      }
    ],
    "name": "add",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "nodes",
    "outputs": [
      {
        "internalType": "bytes32[]",
        "name": "",
        "type": "bytes32[]"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "owner",
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
    "inputs": [],
    "name": "pendingOwner",
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
        "name": "node",
        "type": "bytes32"
      }
    ],
    "name": "remove",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "renounceOwnership",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "newOwner",
        "type": "address"
      }
    ],
    "name": "transferOwnership",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  }
] as const

export const nodeListCreationCode: `0x${string}` = '0x608060405234801561000f575f5ffd5b5060405161087c38038061087c83398101604081905261002e916101e1565b338061005457604051631e4fbdf760e01b81525f60048201526024015b60405180910390fd5b61005d816100a0565b505f5b81518110156100995761009182828151811061007e5761007e6102a8565b60200260200101516100bc60201b60201c565b600101610060565b50506102bc565b600180546001600160a01b03191690556100b98161017e565b50565b5f818152600360205260409020548190156100ed5760405163cbaf5c6560e01b815260040161004b91815260200190565b50600254610400116101125760405163122e38f560e31b815260040160405180910390fd5b600280546001810182557f405787fa12a823e0f2b7631cc41b3ba8828b3321ca811111fa75cd3aa3bb5ace01829055545f8281526003602052604080822092909255905182917f9789a7ebab1e3d4a74f1c22b0ae2a212125ac931a6227e44d5a5a7aaf30dda7591a250565b5f80546001600160a01b038381166001600160a01b0319831681178455604051919092169283917f8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e09190a35050565b634e487b7160e01b5f52604160045260245ffd5b5f602082840312156101f1575f5ffd5b81516001600160401b03811115610206575f5ffd5b8201601f81018413610216575f5ffd5b80516001600160401b0381111561022f5761022f6101cd565b604051600582901b90603f8201601f191681016001600160401b038111828210171561025d5761025d6101cd565b60405291825260208184018101929081018784111561027a575f5ffd5b6020850194505b8385101561029d57845180825260209586019590935001610281565b509695505050505050565b634e487b7160e01b5f52603260045260245ffd5b6105b3806102c95f395ff3fe608060405234801561000f575f5ffd5b5060043610610090575f3560e01c806379ba50971161006357806379ba5097146100e25780638da5cb5b146100ea57806395bc26731461010e578063e30c397814610121578063f2fde38b14610132575f5ffd5b80632077ac4714610094578063446bffba146100b05780635db82fa0146100c5578063715018a6146100da575b5f5ffd5b61009d61040081565b6040519081526020015b60405180910390f35b6100c36100be3660046104d3565b610145565b005b6100cd610159565b6040516100a791906104ea565b6100c36101af565b6100c36101c2565b5f546001600160a01b03165b6040516001600160a01b0390911681526020016100a7565b6100c361011c3660046104d3565b610208565b6001546001600160a01b03166100f6565b6100c361014036600461052c565b610312565b61014d610382565b610156816103ae565b50565b606060028054806020026020016040519081016040528092919081815260200182805480156101a557602002820191905f5260205f20905b815481526020019060010190808311610191575b5050505050905090565b6101b7610382565b6101c05f610470565b565b60015433906001600160a01b031681146101ff5760405163118cdaa760e01b81526001600160a01b03821660048201526024015b60405180910390fd5b61015681610470565b610210610382565b5f8181526003602052604090205481816102405760405163cbaf5c6560e01b81526004016101f691815260200190565b50600280545f919061025490600190610559565b815481106102645761026461057e565b905f5260205f200154905080600260018461027f9190610559565b8154811061028f5761028f61057e565b5f91825260208083209091019290925582815260039091526040902082905560028054806102bf576102bf610592565b5f828152602080822083015f199081018390559092019092558482526003905260408082208290555184917f5254e609a97bab37b7cc79fe128f85c097bd6015c6e1624ae0ba392eb975320591a2505050565b61031a610382565b600180546001600160a01b0383166001600160a01b0319909116811790915561034a5f546001600160a01b031690565b6001600160a01b03167f38d16b8cac22d99fc7c124b9cd0de2d3fa1faef420bfe791d8c362d765e2270060405160405180910390a350565b5f546001600160a01b031633146101c05760405163118cdaa760e01b81523360048201526024016101f6565b5f818152600360205260409020548190156103df5760405163cbaf5c6560e01b81526004016101f691815260200190565b50600254610400116104045760405163122e38f560e31b815260040160405180910390fd5b600280546001810182557f405787fa12a823e0f2b7631cc41b3ba8828b3321ca811111fa75cd3aa3bb5ace01829055545f8281526003602052604080822092909255905182917f9789a7ebab1e3d4a74f1c22b0ae2a212125ac931a6227e44d5a5a7aaf30dda7591a250565b600180546001600160a01b0319169055610156815f80546001600160a01b038381166001600160a01b0319831681178455604051919092169283917f8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e09190a35050565b5f602082840312156104e3575f5ffd5b5035919050565b602080825282518282018190525f918401906040840190835b81811015610521578351835260209384019390920191600101610503565b509095945050505050565b5f6020828403121561053c575f5ffd5b81356001600160a01b0381168114610552575f5ffd5b9392505050565b8181038181111561057857634e487b7160e01b5f52601160045260245ffd5b92915050565b634e487b7160e01b5f52603260045260245ffd5b634e487b7160e01b5f52603160045260245ffdfea164736f6c6343000825000a'
