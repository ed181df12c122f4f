/** Holds the compiled interface of StreamAnchor, written by the contracts' build script. */

export const streamAnchorAbi = [
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "length",
        "type": "uint256"
      },
      {
        "internalType": "uint256",
        "name": "most",
        "type": "uint256"
      }
    ],
    "name": "TooLong",
    "type": "error"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "sender",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "bytes32",
        "name": "stream",
        "type": "bytes32"
      },
      {
        "indexed": false,
        "internalType": "uint64",
        "name": "sequence",
        "type": "uint64"
      },
      {
        "indexed": false,
        "internalType": "string",
        "name": "metadata",
        "type": "string"
      },
      {
        "indexed": false,
        "internalType": "bytes32",
        "name": "hash",
        "type": "bytes32"
      },
      {
        "indexed": false,
        "internalType": "bytes",
        "name": "payload",
        "type": "bytes"
      }
    ],
    "name": "MessageSent",
    "type": "event"
  },
  {
    "inputs": [],
    "name": "MAX_METADATA",
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
    "name": "MAX_PAYLOAD",
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
        "name": "sender",
        "type": "address"
      },
      {
        "internalType": "bytes32",
        "name": "stream",
        "type": "bytes32"
      }
    ],
    "name": "count",
    "outputs": [
      {
        "internalType": "uint64",
        "name": "",
        "type": "uint64"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "stream",
        "type": "bytes32"
      },
      {
        "internalType": "string",
        "name": "metadata",
        "type": "string"
      },
      {
        "internalType": "bytes",
        "name": "payload",
        "type": "bytes"
      }
    ],
    "name": "send",
    "outputs": [
      {
        "internalType": "uint64",
        "name": "sequence",
        "type": "uint64"
      }
    ],
    "stateMutability": "nonpayable",
    "type": "function"
  }
] as const

export const streamAnchorCreationCode: `0x${string}` = '0x6080604052348015600e575f5ffd5b506103ae8061001c5f395ff3fe608060405234801561000f575f5ffd5b506004361061004a575f3560e01c806340c553ab1461004e57806356cc92081461006a578063cfdd2b7314610096578063d185dd4e1461009f575b5f5ffd5b61005761040081565b6040519081526020015b60405180910390f35b61007d61007836600461023b565b6100d0565b60405167ffffffffffffffff9091168152602001610061565b61005761400081565b61007d6100ad3660046102b4565b5f60208181529281526040808220909352908152205467ffffffffffffffff1681565b5f816140008082111561010457604051632b6393cf60e21b8152600481019290925260248201526044015b60405180910390fd5b508490506104008082111561013557604051632b6393cf60e21b8152600481019290925260248201526044016100fb565b5050335f90815260208181526040808320898452909152812080549091906101669067ffffffffffffffff166102e9565b91906101000a81548167ffffffffffffffff021916908367ffffffffffffffff1602179055905085336001600160a01b03167fd9d12316b8a71dbdebfa6e0fdeabb1a7107402a7d70e0d7ddfb81ae0358e96bb83888888886040516101cc929190610321565b6040519081900381206101e5949392918b908b90610358565b60405180910390a395945050505050565b5f5f83601f840112610206575f5ffd5b50813567ffffffffffffffff81111561021d575f5ffd5b602083019150836020828501011115610234575f5ffd5b9250929050565b5f5f5f5f5f6060868803121561024f575f5ffd5b85359450602086013567ffffffffffffffff81111561026c575f5ffd5b610278888289016101f6565b909550935050604086013567ffffffffffffffff811115610297575f5ffd5b6102a3888289016101f6565b969995985093965092949392505050565b5f5f604083850312156102c5575f5ffd5b82356001600160a01b03811681146102db575f5ffd5b946020939093013593505050565b5f67ffffffffffffffff821667ffffffffffffffff810361031857634e487b7160e01b5f52601160045260245ffd5b60010192915050565b818382375f9101908152919050565b81835281816020850137505f828201602090810191909152601f909101601f19169091010190565b67ffffffffffffffff87168152608060208201525f61037b608083018789610330565b8560408401528281036060840152610394818587610330565b999850505050505050505056fea164736f6c6343000825000a'
