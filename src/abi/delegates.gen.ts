/** Holds the compiled interface of Delegates, written by the contracts' build script. */

export const delegatesAbi = [
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "amount",
        "type": "uint256"
      }
    ],
    "name": "BadAmount",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint16",
        "name": "bps",
        "type": "uint16"
      }
    ],
    "name": "BadCommission",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint8",
        "name": "scheme",
        "type": "uint8"
      },
      {
        "internalType": "uint256",
        "name": "length",
        "type": "uint256"
      }
    ],
    "name": "BadKey",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "name",
        "type": "bytes32"
      }
    ],
    "name": "BadName",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint8",
        "name": "scheme",
        "type": "uint8"
      },
      {
        "internalType": "uint256",
        "name": "length",
        "type": "uint256"
      }
    ],
    "name": "BadProof",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "uint48",
        "name": "bannedUntil",
        "type": "uint48"
      }
    ],
    "name": "CannotResume",
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
    "inputs": [
      {
        "internalType": "address",
        "name": "validator",
        "type": "address"
      }
    ],
    "name": "KeyUsed",
    "type": "error"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "delegate",
        "type": "address"
      }
    ],
    "name": "NoDelegate",
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
    "inputs": [
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      }
    ],
    "name": "NotOwner",
    "type": "error"
  },
  {
    "inputs": [],
    "name": "NothingToPay",
    "type": "error"
  },
  {
    "inputs": [],
    "name": "OnlySystem",
    "type": "error"
  },
  {
    "inputs": [],
    "name": "QueueFull",
    "type": "error"
  },
  {
    "inputs": [],
    "name": "TooManyVotes",
    "type": "error"
  },
  {
    "inputs": [],
    "name": "ZeroAddress",
    "type": "error"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "validator",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "owner",
        "type": "address"
      }
    ],
    "name": "Admitted",
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
    "name": "Claimed",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "uint64",
        "name": "epoch",
        "type": "uint64"
      },
      {
        "indexed": false,
        "internalType": "bytes32",
        "name": "setHash",
        "type": "bytes32"
      }
    ],
    "name": "EpochClosed",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "validator",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "owner",
        "type": "address"
      }
    ],
    "name": "Refused",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "validator",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "owner",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "amount",
        "type": "uint256"
      }
    ],
    "name": "Requested",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "delegate",
        "type": "address"
      }
    ],
    "name": "Resumed",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "validator",
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
        "internalType": "uint256",
        "name": "commission",
        "type": "uint256"
      }
    ],
    "name": "Rewarded",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "validator",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint8",
        "name": "kind",
        "type": "uint8"
      },
      {
        "indexed": false,
        "internalType": "uint64",
        "name": "height",
        "type": "uint64"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "amount",
        "type": "uint256"
      },
      {
        "indexed": false,
        "internalType": "address",
        "name": "reporter",
        "type": "address"
      }
    ],
    "name": "Slashed",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "delegate",
        "type": "address"
      }
    ],
    "name": "Suspended",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "delegate",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "address",
        "name": "payTo",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint16",
        "name": "commissionBps",
        "type": "uint16"
      }
    ],
    "name": "TermsChanged",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "delegate",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "voter",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "amount",
        "type": "uint256"
      }
    ],
    "name": "Unvoted",
    "type": "event"
  },
  {
    "anonymous": false,
    "inputs": [
      {
        "indexed": true,
        "internalType": "address",
        "name": "delegate",
        "type": "address"
      },
      {
        "indexed": true,
        "internalType": "address",
        "name": "voter",
        "type": "address"
      },
      {
        "indexed": false,
        "internalType": "uint256",
        "name": "amount",
        "type": "uint256"
      }
    ],
    "name": "Voted",
    "type": "event"
  },
  {
    "inputs": [],
    "name": "LAST_FAULT",
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
    "inputs": [],
    "name": "MAX_VOTES",
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
    "name": "MAX_WAITING",
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
    "name": "OWN_FACTOR",
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
    "name": "SYSTEM",
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
        "internalType": "uint256",
        "name": "good",
        "type": "uint256"
      }
    ],
    "name": "admit",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "banSeconds",
    "outputs": [
      {
        "internalType": "uint48",
        "name": "",
        "type": "uint48"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "place",
        "type": "uint256"
      }
    ],
    "name": "candidateAt",
    "outputs": [
      {
        "components": [
          {
            "internalType": "address",
            "name": "validator",
            "type": "address"
          },
          {
            "internalType": "uint64",
            "name": "weight",
            "type": "uint64"
          },
          {
            "internalType": "uint32",
            "name": "since",
            "type": "uint32"
          }
        ],
        "internalType": "struct CandidateList.Candidate",
        "name": "",
        "type": "tuple"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "candidateCount",
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
        "internalType": "address payable",
        "name": "to",
        "type": "address"
      }
    ],
    "name": "claim",
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
    "name": "claimable",
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
        "internalType": "uint64",
        "name": "closed",
        "type": "uint64"
      },
      {
        "internalType": "bytes32",
        "name": "setHash",
        "type": "bytes32"
      },
      {
        "internalType": "uint64",
        "name": "totalWeight",
        "type": "uint64"
      },
      {
        "internalType": "address[]",
        "name": "",
        "type": "address[]"
      }
    ],
    "name": "closeEpoch",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "delegate",
        "type": "address"
      }
    ],
    "name": "entryOf",
    "outputs": [
      {
        "components": [
          {
            "internalType": "address",
            "name": "owner",
            "type": "address"
          },
          {
            "internalType": "uint8",
            "name": "scheme",
            "type": "uint8"
          },
          {
            "internalType": "uint8",
            "name": "faults",
            "type": "uint8"
          },
          {
            "internalType": "uint16",
            "name": "commissionBps",
            "type": "uint16"
          },
          {
            "internalType": "bool",
            "name": "isSuspended",
            "type": "bool"
          },
          {
            "internalType": "uint32",
            "name": "faultBlock",
            "type": "uint32"
          },
          {
            "internalType": "address",
            "name": "payTo",
            "type": "address"
          },
          {
            "internalType": "uint48",
            "name": "bannedUntil",
            "type": "uint48"
          },
          {
            "internalType": "uint48",
            "name": "heldUntil",
            "type": "uint48"
          },
          {
            "internalType": "bytes32",
            "name": "name",
            "type": "bytes32"
          },
          {
            "internalType": "uint128",
            "name": "own",
            "type": "uint128"
          },
          {
            "internalType": "uint128",
            "name": "ownUnlocking",
            "type": "uint128"
          },
          {
            "components": [
              {
                "internalType": "uint128",
                "name": "amount",
                "type": "uint128"
              },
              {
                "internalType": "uint128",
                "name": "shares",
                "type": "uint128"
              }
            ],
            "internalType": "struct SharePool.Pool",
            "name": "votes",
            "type": "tuple"
          },
          {
            "internalType": "uint48",
            "name": "ownClockBlock",
            "type": "uint48"
          },
          {
            "internalType": "uint48",
            "name": "ownClockTime",
            "type": "uint48"
          }
        ],
        "internalType": "struct Delegates.Entry",
        "name": "",
        "type": "tuple"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "epoch",
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
        "internalType": "address",
        "name": "delegate",
        "type": "address"
      }
    ],
    "name": "expel",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "held",
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
        "name": "name",
        "type": "bytes32"
      }
    ],
    "name": "isNameTaken",
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
        "internalType": "address",
        "name": "validator",
        "type": "address"
      }
    ],
    "name": "keyOf",
    "outputs": [
      {
        "internalType": "bytes",
        "name": "",
        "type": "bytes"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "maxCandidates",
    "outputs": [
      {
        "internalType": "uint32",
        "name": "",
        "type": "uint32"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "ownUnlockBlocks",
    "outputs": [
      {
        "internalType": "uint48",
        "name": "",
        "type": "uint48"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "ownUnlockSeconds",
    "outputs": [
      {
        "internalType": "uint48",
        "name": "",
        "type": "uint48"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "bytes32",
        "name": "name",
        "type": "bytes32"
      },
      {
        "components": [
          {
            "internalType": "uint8",
            "name": "scheme",
            "type": "uint8"
          },
          {
            "internalType": "bytes",
            "name": "publicKey",
            "type": "bytes"
          },
          {
            "internalType": "bytes",
            "name": "proof",
            "type": "bytes"
          }
        ],
        "internalType": "struct StakedSet.ProvenKey",
        "name": "key",
        "type": "tuple"
      },
      {
        "internalType": "address",
        "name": "payTo",
        "type": "address"
      },
      {
        "internalType": "uint16",
        "name": "commissionBps",
        "type": "uint16"
      }
    ],
    "name": "registerDelegate",
    "outputs": [],
    "stateMutability": "payable",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "registrationFee",
    "outputs": [
      {
        "internalType": "uint96",
        "name": "",
        "type": "uint96"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "delegate",
        "type": "address"
      }
    ],
    "name": "resume",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address[]",
        "name": "validators",
        "type": "address[]"
      },
      {
        "internalType": "uint256[]",
        "name": "amounts",
        "type": "uint256[]"
      }
    ],
    "name": "reward",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "delegate",
        "type": "address"
      },
      {
        "internalType": "address",
        "name": "payTo",
        "type": "address"
      },
      {
        "internalType": "uint16",
        "name": "commissionBps",
        "type": "uint16"
      }
    ],
    "name": "setTerms",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "setWeight",
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
        "internalType": "address",
        "name": "delegate",
        "type": "address"
      },
      {
        "internalType": "uint8",
        "name": "kind",
        "type": "uint8"
      },
      {
        "internalType": "uint64",
        "name": "height",
        "type": "uint64"
      },
      {
        "internalType": "address",
        "name": "reporter",
        "type": "address"
      }
    ],
    "name": "slash",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "slashBps",
    "outputs": [
      {
        "internalType": "uint16",
        "name": "",
        "type": "uint16"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "unlockSeconds",
    "outputs": [
      {
        "internalType": "uint48",
        "name": "",
        "type": "uint48"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "delegate",
        "type": "address"
      },
      {
        "internalType": "uint128",
        "name": "part",
        "type": "uint128"
      }
    ],
    "name": "unvote",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "delegate",
        "type": "address"
      }
    ],
    "name": "vote",
    "outputs": [],
    "stateMutability": "payable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "voter",
        "type": "address"
      }
    ],
    "name": "voteCount",
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
        "name": "delegate",
        "type": "address"
      },
      {
        "internalType": "address",
        "name": "voter",
        "type": "address"
      }
    ],
    "name": "voteOf",
    "outputs": [
      {
        "components": [
          {
            "internalType": "uint128",
            "name": "shares",
            "type": "uint128"
          },
          {
            "internalType": "uint128",
            "name": "unlocking",
            "type": "uint128"
          },
          {
            "internalType": "uint48",
            "name": "unlockTime",
            "type": "uint48"
          }
        ],
        "internalType": "struct Delegates.Vote",
        "name": "own",
        "type": "tuple"
      },
      {
        "internalType": "uint256",
        "name": "votesWei",
        "type": "uint256"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "place",
        "type": "uint256"
      }
    ],
    "name": "waitingAt",
    "outputs": [
      {
        "components": [
          {
            "internalType": "address",
            "name": "owner",
            "type": "address"
          },
          {
            "internalType": "uint8",
            "name": "scheme",
            "type": "uint8"
          },
          {
            "internalType": "uint16",
            "name": "commissionBps",
            "type": "uint16"
          },
          {
            "internalType": "address",
            "name": "payTo",
            "type": "address"
          },
          {
            "internalType": "uint96",
            "name": "amount",
            "type": "uint96"
          },
          {
            "internalType": "address",
            "name": "validator",
            "type": "address"
          },
          {
            "internalType": "bytes32",
            "name": "note",
            "type": "bytes32"
          },
          {
            "internalType": "bytes",
            "name": "proof",
            "type": "bytes"
          }
        ],
        "internalType": "struct StakedSet.Request",
        "name": "",
        "type": "tuple"
      }
    ],
    "stateMutability": "view",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "waitingCount",
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
        "name": "delegate",
        "type": "address"
      },
      {
        "internalType": "address payable",
        "name": "to",
        "type": "address"
      }
    ],
    "name": "withdraw",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  }
] as const

export const delegatesRuntimeCode: `0x${string}` = '0x608060405260043610610212575f3560e01c8063793c19461161011e578063ab07c23b116100a8578063dedd49791161006d578063dedd4979146106dc578063f0f1776d14610738578063f940e38514610757578063fa073d7614610776578063fa7eff6c146107a2575f5ffd5b8063ab07c23b1461063e578063b7bca3b314610664578063c29401e814610683578063d9dabe70146106a9578063dbb7c64e146106bd575f5ffd5b80639c7e8439116100ee5780639c7e8439146105725780639d2889fe146105cb5780639dcf8c40146105f7578063a285aed714610616578063a9a981a31461062b575f5ffd5b8063793c1946146104ef5780638c1f27be1461050e578063900cf0cf146105335780639b17473a14610216575f5ffd5b806351351d531161019f578063615cb0201161016f578063615cb0201461045a57806365af2ac8146104785780636dd7d8ea146104a95780637537e81d146104bc57806377f51c1c146104db575f5ffd5b806351351d53146103ac57806358bb388a146103de5780635e3cd7bc1461040a5780636031888c14610435575f5ffd5b80631e83409a116101e55780631e83409a146102e657806330e0c401146103075780633af401f614610326578063402914f51461034557806349a4b24a14610370575f5ffd5b806305b0baa8146102165780630681e6511461023d57806314c44e091461027157806318da2f26146102a8575b5f5ffd5b348015610221575f5ffd5b5061022a600a81565b6040519081526020015b60405180910390f35b348015610248575f5ffd5b50600c5461025e90600160301b900461ffff1681565b60405161ffff9091168152602001610234565b34801561027c575f5ffd5b50600b54610290906001600160601b031681565b6040516001600160601b039091168152602001610234565b3480156102b3575f5ffd5b506102d66102c2366004612ef4565b60096020525f908152604090205460ff1681565b6040519015158152602001610234565b3480156102f1575f5ffd5b50610305610300366004612f1f565b6107b5565b005b348015610312575f5ffd5b50610305610321366004612ef4565b6107d6565b348015610331575f5ffd5b50610305610340366004612f88565b610949565b348015610350575f5ffd5b5061022a61035f366004612f1f565b60046020525f908152604090205481565b34801561037b575f5ffd5b50600b5461039590600160c01b900465ffffffffffff1681565b60405165ffffffffffff9091168152602001610234565b3480156103b7575f5ffd5b506103c66002600160a01b0381565b6040516001600160a01b039091168152602001610234565b3480156103e9575f5ffd5b506103fd6103f8366004612f1f565b610a89565b6040516102349190612ff2565b348015610415575f5ffd5b5061022a610424366004612f1f565b600a6020525f908152604090205481565b348015610440575f5ffd5b50600b5461039590600160601b900465ffffffffffff1681565b348015610465575f5ffd5b50600c546103959065ffffffffffff1681565b348015610483575f5ffd5b506006546104949063ffffffff1681565b60405163ffffffff9091168152602001610234565b6103056104b7366004612f1f565b610c3a565b3480156104c7575f5ffd5b506103056104d636600461317a565b610e34565b3480156104e6575f5ffd5b5061022a600881565b3480156104fa575f5ffd5b50610305610509366004612f1f565b610f75565b348015610519575f5ffd5b50600b5461039590600160901b900465ffffffffffff1681565b34801561053e575f5ffd5b5060065461055a9064010000000090046001600160401b031681565b6040516001600160401b039091168152602001610234565b34801561057d575f5ffd5b5061059161058c366004612ef4565b611093565b6040805182516001600160a01b031681526020808401516001600160401b0316908201529181015163ffffffff1690820152606001610234565b3480156105d6575f5ffd5b506105ea6105e5366004612ef4565b611119565b60405161023491906131ec565b348015610602575f5ffd5b506103056106113660046132a0565b611293565b348015610621575f5ffd5b5061022a60055481565b348015610636575f5ffd5b505f5461022a565b348015610649575f5ffd5b50610652600381565b60405160ff9091168152602001610234565b34801561066f575f5ffd5b5061030561067e366004613309565b61133c565b34801561068e575f5ffd5b5060065461055a90600160601b90046001600160401b031681565b3480156106b4575f5ffd5b5060025461022a565b3480156106c8575f5ffd5b506103056106d7366004612f1f565b611673565b3480156106e7575f5ffd5b506106fb6106f636600461334b565b6116b1565b6040805183516001600160801b039081168252602080860151909116908201529281015165ffffffffffff16908301526060820152608001610234565b348015610743575f5ffd5b50610305610752366004613387565b611751565b348015610762575f5ffd5b5061030561077136600461334b565b611a85565b348015610781575f5ffd5b50610795610790366004612f1f565b611bba565b60405161023491906133dc565b6103056107b03660046133ee565b611c63565b335f90815260046020526040812080549190556107d28282611ce0565b5050565b336002600160a01b03146107fd576040516329fa754760e01b815260040160405180910390fd5b5f5b60025481101561093a575f6002828154811061081d5761081d613457565b5f918252602082206005919091020160028101549092506001600160a01b031690600185851c8116148015610858575061085682611d60565b155b8015610868575061086883611d7f565b905080156108ae5782546040516001600160a01b03918216918416907f30934482f9d90f69abab6b2fd23c49e3658edb62b1aa64fa810582541dd10b04905f90a361092c565b600183015483546001600160a01b03165f9081526004602052604081208054600160a01b9093046001600160601b0316929091906108ed90849061347f565b909155505082546040516001600160a01b03918216918416907f63c38351431c481c17e0ae3dac603977bfaf841ada7d2a7d5c500649f2eaf58a905f90a35b5050508060010190506107ff565b5061094660025f612e3e565b50565b336002600160a01b0314610970576040516329fa754760e01b815260040160405180910390fd5b5f6005544761097f9190613492565b90505f5b848110801561099157508281105b15610a81575f828585848181106109aa576109aa613457565b90506020020135106109bc57826109d6565b8484838181106109ce576109ce613457565b905060200201355b9050801580610a115750610a0f8787848181106109f5576109f5613457565b9050602002016020810190610a0a9190612f1f565b611d60565b155b15610a1c5750610a71565b610a268184613492565b92508060055f828254610a39919061347f565b90915550610a6f9050878784818110610a5457610a54613457565b9050602002016020810190610a699190612f1f565b82611e8d565b505b610a7a816134a5565b9050610983565b505050505050565b610b14604080516101e0810182525f8082526020808301829052828401829052606083018290526080830182905260a0830182905260c0830182905260e08301829052610100830182905261012083018290526101408301829052610160830182905283518085019094528184528301529061018082019081525f6020820181905260409091015290565b506001600160a01b039081165f9081526007602090815260409182902082516101e08101845281548086168252600160a01b80820460ff90811684870152600160a81b8304811684880152600160b01b830461ffff166060850152600160c01b83041615156080840152600160c81b90910463ffffffff1660a0830152600183015495861660c0830152850465ffffffffffff90811660e0830152600160d01b9095048516610100820152600282015461012082015260038201546001600160801b03808216610140840152600160801b9182900481166101608401528551808701909652600484015480821687529190910416928401929092526101808201929092526005909101548083166101a0830152600160301b90049091166101c082015290565b5f610c4482611ef2565b90505f34118015610c585750600160601b34105b3490610c83576040516359cdf26960e11b8152600401610c7a91815260200190565b60405180910390fd5b506001600160a01b0382165f9081526008602090815260408083203384529091529020610cb08282611f40565b15610cf857335f908152600a602081905260408220805491929091610cd4906134a5565b91829055501115610cf857604051632ced206760e21b815260040160405180910390fd5b3460055f828254610d09919061347f565b909155505081546001600160a01b03163303610d67576003820180543491905f90610d3e9084906001600160801b03166134bd565b92506101000a8154816001600160801b0302191690836001600160801b03160217905550610de5565b5f610d756004840134611f82565b9050346001600160801b038216610da2576040516359cdf26960e11b8152600401610c7a91815260200190565b508154819083905f90610dbf9084906001600160801b03166134bd565b92506101000a8154816001600160801b0302191690836001600160801b03160217905550505b610def8383612065565b60405134815233906001600160a01b038516907f174ba19ba3c8bb5c679c87e51db79fff7c3f04bb84c1fd55b7dacb470b674aa69060200160405180910390a3505050565b6001600160a01b038084165f9081526007602052604090205484913391168114610e7d5760405163245aecd360e01b81526001600160a01b039091166004820152602401610c7a565b506001600160a01b038085165f908152600760205260409020908416610eb65760405163d92e233d60e01b815260040160405180910390fd5b8054839061ffff600160b01b90910481169082161115610ef05760405163014dcf2160e51b815261ffff9091166004820152602401610c7a565b50805461ffff60b01b1916600160b01b61ffff85169081029190911782556001820180546001600160a01b0319166001600160a01b03878116918217909255604080519182526020820193909352908716917f04f62daf7d83cd562d454991259cda99bcc71f771eb0c8451eb7d86ff814946b91015b60405180910390a25050505050565b6001600160a01b038082165f9081526007602052604090205482913391168114610fbe5760405163245aecd360e01b81526001600160a01b039091166004820152602401610c7a565b506001600160a01b0382165f9081526007602052604081208054909190600160c01b900460ff16801561100457506001820154600160a01b900465ffffffffffff164210155b6001830154909150600160a01b900465ffffffffffff1681611044576040516327f7bd6f60e21b815265ffffffffffff9091166004820152602401610c7a565b50815460ff60c01b1916825561105a8483612065565b6040516001600160a01b038516907f5d287a3a02ade76478d8449abebe9dc45b38421247132b68127dd3cd6c05f3cf905f90a250505050565b604080516060810182525f80825260208201819052918101919091525f8054839081106110c2576110c2613457565b5f9182526020918290206040805160608101825291909201546001600160a01b03811682526001600160401b03600160a01b8204169382019390935263ffffffff600160e01b909304929092169082015292915050565b60408051610100810182525f8082526020820181905291810182905260608082018390526080820183905260a0820183905260c082019290925260e08101919091526002828154811061116e5761116e613457565b5f918252602091829020604080516101008101825260059390930290910180546001600160a01b038082168552600160a01b80830460ff1696860196909652600160a81b90910461ffff169284019290925260018101548083166060850152939093046001600160601b0316608083015260028301541660a0820152600382015460c082015260048201805491929160e08401919061120c906134dc565b80601f0160208091040260200160405190810160405280929190818152602001828054611238906134dc565b80156112835780601f1061125a57610100808354040283529160200191611283565b820191905f5260205f20905b81548152906001019060200180831161126657829003601f168201915b5050505050815250509050919050565b336002600160a01b03146112ba576040516329fa754760e01b815260040160405180910390fd5b6006805473ffffffffffffffffffffffffffffffff000000001916600160601b6001600160401b03868116919091026bffffffffffffffff00000000191691909117640100000000918816918202179091556040518581527f4f5adf009d0acd8c90a428c7a4d86c5ab94352cf56ede98f688e8309afe4634290602001610f66565b5f61134683611ef2565b6001600160a01b038085165f90815260086020908152604080832033808552925290912083549394509285921690036114925760038301546001600160801b0390811690859081168210156113c157604051638b29af5960e01b81526001600160801b03928316600482015291166024820152604401610c7a565b50506003830180548591905f906113e29084906001600160801b031661350e565b92506101000a8154816001600160801b0302191690836001600160801b03160217905550838360030160108282829054906101000a90046001600160801b031661142c91906134bd565b82546101009290920a6001600160801b03818102199093169190921691909102179055506005830180546bffffffffffffffffffffffff1916600160301b4265ffffffffffff9081169190910265ffffffffffff191691909117439091161790556115b4565b81546001600160801b0390811690859081168210156114d757604051638b29af5960e01b81526001600160801b03928316600482015291166024820152604401610c7a565b506114e7905060048401856120ee565b8254909150849083905f906115069084906001600160801b031661350e565b92506101000a8154816001600160801b0302191690836001600160801b0316021790555080825f0160108282829054906101000a90046001600160801b031661154f91906134bd565b92506101000a8154816001600160801b0302191690836001600160801b03160217905550600b600c9054906101000a900465ffffffffffff1642611593919061352d565b60018301805465ffffffffffff191665ffffffffffff929092169190911790555b806001600160801b0381166115e8576040516359cdf26960e11b81526001600160801b039091166004820152602401610c7a565b506115f38383611f40565b1561161957335f908152600a6020526040812080549091906116149061354b565b909155505b6116238584612065565b6040516001600160801b038216815233906001600160a01b038716907f7958395da8e26969cc7c09ee58e9507a2601574c3bd232617e2d6354224ff8369060200160405180910390a35050505050565b336002600160a01b031461169a576040516329fa754760e01b815260040160405180910390fd5b6116a381611d60565b15610946576109468161218b565b60408051606080820183525f80835260208084018290529284018190526001600160a01b038681168083526008855285832091871683529084528482208551938401865280546001600160801b03808216808752600160801b909204168587015260019091015465ffffffffffff1684870152908252600790935292832090929161173f91600401906121f3565b6001600160801b031690509250929050565b336002600160a01b0314611778576040516329fa754760e01b815260040160405180910390fd5b6001600160a01b0384165f9081526007602052604081208054909190600160a81b900460ff16158015906117c357508154600160c81b900463ffffffff166001600160401b03851611155b90506117ce86611d60565b15806117d75750805b806117ed57508154600160a81b900460ff166003145b156117f9575050611a7f565b61180161223d565b825463ffffffff91909116600160c81b0263ffffffff60c81b19909116178083555f90600390849060159061183f90600160a81b900460ff16613560565b91906101000a81548160ff021916908360ff160217905560ff161490508061187b57600c546118769065ffffffffffff164261352d565b611883565b65ffffffffffff5b60018401805465ffffffffffff60a01b1916600160a01b65ffffffffffff93841602179055600b546118be91600160601b909104164261352d565b60018401805465ffffffffffff92909216600160d01b026001600160d01b03909216919091179055600c5460038401545f91612710916119139161ffff600160301b90910416906001600160801b031661357e565b61191d9190613595565b600c5460038601549192505f916127109161195491600160301b90910461ffff1690600160801b90046001600160801b031661357e565b61195e9190613595565b60038601805491925083915f9061197f9084906001600160801b031661350e565b92506101000a8154816001600160801b0302191690836001600160801b03160217905550808560030160108282829054906101000a90046001600160801b03166119c9919061350e565b92506101000a8154816001600160801b0302191690836001600160801b031602179055506119f68961218b565b6001600160a01b0389167f12849f112124c54d51ec7829114e9a1685b85b1151a83357e9686375f8dca5898989611a2d858761347f565b6040805160ff90941684526001600160401b039092166020840152908201526001600160a01b038916606082015260800160405180910390a2611a79611a73828461347f565b87612257565b50505050505b50505050565b6001600160a01b0382165f90815260076020908152604080832060088352818420338552909252822060018101549192909165ffffffffffff164210801590611ae157506001830154600160d01b900465ffffffffffff164210155b15611b00575080546001600160801b038082168355600160801b909104165b600b5460058401545f91611b269165ffffffffffff600160c01b9092048216911661347f565b4310158015611b5f5750600b546005850154611b5b9165ffffffffffff600160901b909104811691600160301b90041661347f565b4210155b84549091506001600160a01b031633148015611b785750805b15611bb0576003840154611b9c90600160801b90046001600160801b03168361347f565b6003850180546001600160801b0316905591505b610a818583611ce0565b6001600160a01b0381165f908152600360205260409020805460609190611be0906134dc565b80601f0160208091040260200160405190810160405280929190818152602001828054611c0c906134dc565b8015611c575780601f10611c2e57610100808354040283529160200191611c57565b820191905f5260205f20905b815481529060010190602001808311611c3a57829003601f168201915b50505050509050919050565b600b5434906001600160601b03168114611c93576040516359cdf26960e11b8152600401610c7a91815260200190565b508315801590611cb157505f8481526009602052604090205460ff16155b8490611cd35760405163135fc3bf60e11b8152600401610c7a91815260200190565b50611a7f838383876122bd565b5f8111611d00576040516326b1e12960e11b815260040160405180910390fd5b8060055f828254611d119190613492565b90915550506040518181526001600160a01b0383169033907ff7a40077ff7a04c7e61f6f26fb13774259ddf1b6bce9ecf26a8276cdd39926839060200160405180910390a36107d28282612669565b6001600160a01b039081165f9081526007602052604090205416151590565b60038101545f9081526009602052604081205460ff1615611da157505f919050565b6003820180545f908152600960209081526040808320805460ff191660019081179091556002808801546001600160a01b039081168652600790945291909320865494549181019190915580546001600160a01b0319600160a01b80870460ff1681028281166001600160a81b0319851617978616978817855589870180548b54600160b01b61ffff600160a81b9092049190911602600163ffff000160a01b0319909316600162ffff0160a81b031990961695909517909817178455948301805490911691909316179091559154611e84916001600160601b039104166126dc565b50600192915050565b6001600160a01b038083165f908152600760209081526040918290208251606081018452858152815461ffff600160b01b820416938201939093529190931691810191909152611ee390849060048401906126fd565b611eed8382612065565b505050565b6001600160a01b038082165f90815260076020526040902080549091839116611f3a57604051632a91785960e01b81526001600160a01b039091166004820152602401610c7a565b50919050565b80545f906001600160801b0316158015611f79575082546001600160a01b031633141580611f79575060038301546001600160801b0316155b90505b92915050565b81545f908190600160801b90046001600160801b031615611fcd5783546001600160801b0380821691611fbe91600160801b909104168561357e565b611fc89190613595565b611fcf565b825b8454909150839085905f90611fee9084906001600160801b03166134bd565b92506101000a8154816001600160801b0302191690836001600160801b0316021790555080915081845f0160108282829054906101000a90046001600160801b031661203a91906134bd565b92506101000a8154816001600160801b0302191690836001600160801b031602179055505092915050565b60038101545f90612080906001600160801b0316600a61357e565b600483015460038401549192505f916120a5916001600160801b03908116911661347f565b83549091506120e7908590600160c01b900460ff166120e157633b9aca008484106120d057846120d2565b835b6120dc9190613595565b61281f565b5f61281f565b5050505050565b5f6120f983836121f3565b8354909150819084905f906121189084906001600160801b031661350e565b92506101000a8154816001600160801b0302191690836001600160801b0316021790555081835f0160108282829054906101000a90046001600160801b0316612161919061350e565b92506101000a8154816001600160801b0302191690836001600160801b0316021790555092915050565b6001600160a01b0381165f908152600760205260408120805460ff60c01b1916600160c01b1790556121bd908261296b565b6040516001600160a01b038216907f6f123d3d54c84a7960a573b31c221dcd86e13fd849c5adb0c6ca851468cc1ae4905f90a250565b5f6001600160801b038216156122355782546001600160801b03600160801b82048116916122269190811690851661357e565b6122309190613595565b611f79565b505f92915050565b5f63ffffffff4310612252575063ffffffff90565b504390565b5f6001600160a01b0382161561227757612272601084613595565b612279565b5f5b6001600160a01b0383165f908152600460205260408120805492935083929091906122a590849061347f565b90915550611eed90506122b88285613492565b6126dc565b6002546008116122e057604051638acb5f2760e01b815260040160405180910390fd5b6001600160a01b0383166123075760405163d92e233d60e01b815260040160405180910390fd5b8161271061ffff821611156123365760405163014dcf2160e51b815261ffff9091166004820152602401610c7a565b505f61238e61234860208701876135b4565b61235560208801886135cd565b8080601f0160208091040260200160405190810160405280939291908181526020018383808284375f92019190915250612add92505050565b905061239981611d60565b1581906123c55760405163c4246ce160e01b81526001600160a01b039091166004820152602401610c7a565b5061241c6123d660208701876135b4565b6123e360408801886135cd565b8080601f0160208091040260200160405190810160405280939291908181526020018383808284375f92019190915250612b9292505050565b6001600160a01b0381165f908152600360205260409020805461243e906134dc565b90505f036124785761245360208601866135cd565b6001600160a01b0383165f90815260036020526040902091612476919083613671565b505b5f349050806001600160601b031660055f828254612496919061347f565b90915550506040805161010081019091523381526002906020808201906124bf908a018a6135b4565b60ff1681526020018661ffff168152602001876001600160a01b03168152602001836001600160601b03168152602001846001600160a01b0316815260200185815260200188806040019061251491906135cd565b8080601f0160208091040260200160405190810160405280939291908181526020018383808284375f9201829052509390945250508354600181810186559482526020918290208451600590920201805492850151604086015161ffff16600160a81b0261ffff60a81b1960ff909216600160a01b9081026001600160a81b03199096166001600160a01b03958616179590951791909116178155606085015160808601516001600160601b0316909302928216929092179482019490945560a0830151600282018054919095166001600160a01b031991909116179093555060c0810151600383015560e08101519091906004820190612615908261372a565b50506040516001600160601b03831681523391506001600160a01b038416907f13153189bc7746f17cef22fff0768390d6bddc866e67e3320c1835bb608dfd359060200160405180910390a3505050505050565b804710156126935760405163cf47918160e01b815247600482015260248101829052604401610c7a565b6126ac828260405180602001604052805f815250612bf2565b156126b5575050565b3d156126c3576107d2612c07565b60405163d6bda27560e01b815260040160405180910390fd5b8060055f8282546126ed9190613492565b9091555061094690505f82612669565b81545f90600160801b90046001600160801b03161561273f57612710826020015161ffff16835f0151612730919061357e565b61273a9190613595565b612742565b81515b90508060045f84604001516001600160a01b03166001600160a01b031681526020019081526020015f205f82825461277a919061347f565b9091555050815161278c908290613492565b835484905f906127a69084906001600160801b03166134bd565b92506101000a8154816001600160801b0302191690836001600160801b03160217905550836001600160a01b03167f291e8ba3c0f4b0bd86e6e2346fcee1e7ca0975b1cc1886bfbc722d34f3f24d91835f015183604051612811929190918252602082015260400190565b60405180910390a250505050565b5f806001600160401b03831061283c576001600160401b0361283e565b825b90505f6040518060600160405280866001600160a01b03168152602001836001600160401b0316815260200161287261223d565b63ffffffff168152509050835f036128935761288e5f8661296b565b612963565b6001600160a01b0385165f90815260016020526040902054156128ba5761288e5f82612c12565b6006545f5463ffffffff90911611156128d75761288e5f82612cb9565b5f5f6128e25f612d32565b91509150806001600160401b0316846001600160401b031610806129335750806001600160401b0316846001600160401b03161480156129335750816001600160a01b0316876001600160a01b0316115b156129445786945050505050611f7c565b61294e5f8361296b565b6129585f84612cb9565b509250611f7c915050565b505092915050565b6001600160a01b0381165f9081526001830160205260408120549081900361299257505050565b82545f9084906129a490600190613492565b815481106129b4576129b4613457565b5f9182526020918290206040805160608101825291909201546001600160a01b03811682526001600160401b03600160a01b8204169382019390935263ffffffff600160e01b909304929092169082015290508084612a14600185613492565b81548110612a2457612a24613457565b5f91825260208083208451920180548583015160409687015163ffffffff16600160e01b026001600160e01b036001600160401b03909216600160a01b026001600160e01b03199093166001600160a01b0396871617929092171617905584519091168252600187019052208290558354849080612aa457612aa46137e4565b5f828152602080822083015f199081018390559092019092556001600160a01b0394909416815260019490940190925250506040812055565b5f8060ff8416600114612b195760ff8416600214612b115760ff8416600314612b06575f612b09565b60215b60ff16612b1c565b6107a0612b1c565b60205b61ffff1690505f81118015612b315750808351145b83518591612b5d57604051635145923f60e01b815260ff90921660048301526024820152604401610c7a565b50508383604051602001612b729291906137f8565b60408051601f198184030181529190528051602090910120949350505050565b5f60ff8316600114612bb85760ff8316600214612bb0576041612bbb565b610ced612bbb565b60405b61ffff1690508082511483835190916120e757604051632c71bd6760e11b815260ff90921660048301526024820152604401610c7a565b5f5f5f83516020850186885af1949350505050565b6040513d5f823e3d81fd5b80516001600160a01b03165f908152600180840160205260409091205482918491612c3d9190613492565b81548110612c4d57612c4d613457565b5f9182526020918290208351910180549284015160409094015163ffffffff16600160e01b026001600160e01b036001600160401b03909516600160a01b026001600160e01b03199094166001600160a01b039093169290921792909217929092169190911790555050565b8154600181810184555f84815260208082208551940180548287015160409788015163ffffffff16600160e01b026001600160e01b036001600160401b03909216600160a01b026001600160e01b03199093166001600160a01b0390981697881792909217161790558554938252919094019052912055565b5f5f825f015f81548110612d4857612d48613457565b5f91825260208220015484546001600160a01b03909116918591612d6e57612d6e613457565b5f91825260209091200154909250600160a01b90046001600160401b0316905060015b8354811015612e38575f845f018281548110612daf57612daf613457565b5f918252602082200180549092506001600160a01b038116916001600160401b03600160a01b9092048216918616821080612e175750856001600160401b0316826001600160401b0316148015612e175750866001600160a01b0316836001600160a01b0316115b90508015612e29579195509350849084905b50505050806001019050612d91565b50915091565b5080545f8255600502905f5260205f2090612e599190612e5b565b565b5f5b80821115611eed5780830180546001600160b81b03191681555f600182018190556002820180546001600160a01b031916905560038201819055612ea46004830182612eae565b5050600501612e5d565b508054612eba906134dc565b5f825580601f10612ec9575050565b601f0160209004905f5260205f2090612e5991905f5b80821115611eed575f81840155600101612edf565b5f60208284031215612f04575f5ffd5b5035919050565b6001600160a01b0381168114610946575f5ffd5b5f60208284031215612f2f575f5ffd5b8135612f3a81612f0b565b9392505050565b5f5f83601f840112612f51575f5ffd5b5081356001600160401b03811115612f67575f5ffd5b6020830191508360208260051b8501011115612f81575f5ffd5b9250929050565b5f5f5f5f60408587031215612f9b575f5ffd5b84356001600160401b03811115612fb0575f5ffd5b612fbc87828801612f41565b90955093505060208501356001600160401b03811115612fda575f5ffd5b612fe687828801612f41565b95989497509550505050565b81516001600160a01b0316815261020081016020830151613018602084018260ff169052565b50604083015161302d604084018260ff169052565b506060830151613043606084018261ffff169052565b506080830151613057608084018215159052565b5060a083015161306f60a084018263ffffffff169052565b5060c083015161308a60c08401826001600160a01b03169052565b5060e08301516130a460e084018265ffffffffffff169052565b506101008301516130c061010084018265ffffffffffff169052565b506101208301516101208301526101408301516130e96101408401826001600160801b03169052565b506101608301516131066101608401826001600160801b03169052565b5061018083015161313161018084018280516001600160801b03908116835260209182015116910152565b506101a083015165ffffffffffff81166101c0840152506101c083015165ffffffffffff81166101e08401525092915050565b803561ffff81168114613175575f5ffd5b919050565b5f5f5f6060848603121561318c575f5ffd5b833561319781612f0b565b925060208401356131a781612f0b565b91506131b560408501613164565b90509250925092565b5f81518084528060208401602086015e5f602082860101526020601f19601f83011685010191505092915050565b602080825282516001600160a01b03168282015282015160ff1660408083019190915282015161ffff811660608301525f905060608301516001600160a01b03811660808401525060808301516001600160601b03811660a08401525060a08301516001600160a01b03811660c08401525060c083015160e083015260e0830151610100808401526132826101208401826131be565b949350505050565b80356001600160401b0381168114613175575f5ffd5b5f5f5f5f5f608086880312156132b4575f5ffd5b6132bd8661328a565b9450602086013593506132d26040870161328a565b925060608601356001600160401b038111156132ec575f5ffd5b6132f888828901612f41565b969995985093965092949392505050565b5f5f6040838503121561331a575f5ffd5b823561332581612f0b565b915060208301356001600160801b0381168114613340575f5ffd5b809150509250929050565b5f5f6040838503121561335c575f5ffd5b823561336781612f0b565b9150602083013561334081612f0b565b803560ff81168114613175575f5ffd5b5f5f5f5f6080858703121561339a575f5ffd5b84356133a581612f0b565b93506133b360208601613377565b92506133c16040860161328a565b915060608501356133d181612f0b565b939692955090935050565b602081525f611f7960208301846131be565b5f5f5f5f60808587031215613401575f5ffd5b8435935060208501356001600160401b0381111561341d575f5ffd5b85016060818803121561342e575f5ffd5b9250604085013561343e81612f0b565b915061344c60608601613164565b905092959194509250565b634e487b7160e01b5f52603260045260245ffd5b634e487b7160e01b5f52601160045260245ffd5b80820180821115611f7c57611f7c61346b565b81810381811115611f7c57611f7c61346b565b5f600182016134b6576134b661346b565b5060010190565b6001600160801b038181168382160190811115611f7c57611f7c61346b565b600181811c908216806134f057607f821691505b602082108103611f3a57634e487b7160e01b5f52602260045260245ffd5b6001600160801b038281168282160390811115611f7c57611f7c61346b565b65ffffffffffff8181168382160190811115611f7c57611f7c61346b565b5f816135595761355961346b565b505f190190565b5f60ff821660ff81036135755761357561346b565b60010192915050565b8082028115828204841417611f7c57611f7c61346b565b5f826135af57634e487b7160e01b5f52601260045260245ffd5b500490565b5f602082840312156135c4575f5ffd5b611f7982613377565b5f5f8335601e198436030181126135e2575f5ffd5b8301803591506001600160401b038211156135fb575f5ffd5b602001915036819003821315612f81575f5ffd5b634e487b7160e01b5f52604160045260245ffd5b601f821115611eed5782821115611eed57805f5260205f20601f840160051c602085101561364e57505f5b90810190601f840160051c035f5b81811015610a81575f8382015560010161365c565b6001600160401b038311156136885761368861360f565b61369c8361369683546134dc565b83613623565b5f601f8411600181146136cd575f85156136b65750838201355b5f19600387901b1c1916600186901b1783556120e7565b5f83815260208120601f198716915b828110156136fc57868501358255602094850194600190920191016136dc565b5086821015613718575f1960f88860031b161c19848701351681555b505060018560011b0183555050505050565b81516001600160401b038111156137435761374361360f565b6137578161375184546134dc565b84613623565b6020601f821160018114613789575f83156137725750848201515b5f19600385901b1c1916600184901b1784556120e7565b5f84815260208120601f198516915b828110156137b85787850151825560209485019460019092019101613798565b50848210156137d557868401515f19600387901b60f8161c191681555b50505050600190811b01905550565b634e487b7160e01b5f52603160045260245ffd5b60ff60f81b8360f81b1681525f82518060208501600185015e5f9201600101918252509291505056fea164736f6c6343000825000a'
