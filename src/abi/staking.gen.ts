/** Holds the compiled interface of Staking, written by the contracts' build script. */

export const stakingAbi = [
  {
    "inputs": [
      {
        "internalType": "uint256",
        "name": "maximum",
        "type": "uint256"
      }
    ],
    "name": "AboveMaximum",
    "type": "error"
  },
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
        "internalType": "uint256",
        "name": "minimum",
        "type": "uint256"
      }
    ],
    "name": "BelowMinimum",
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
        "name": "validator",
        "type": "address"
      }
    ],
    "name": "NotActive",
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
      }
    ],
    "name": "Exited",
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
        "internalType": "bytes32",
        "name": "commitment",
        "type": "bytes32"
      }
    ],
    "name": "Recommitted",
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
        "name": "validator",
        "type": "address"
      },
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
        "internalType": "uint256",
        "name": "shares",
        "type": "uint256"
      }
    ],
    "name": "StakeAdded",
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
        "internalType": "uint256",
        "name": "shares",
        "type": "uint256"
      }
    ],
    "name": "StakeRemoved",
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
    "inputs": [],
    "name": "CORRELATED_EPOCHS",
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
    "inputs": [],
    "name": "MAX_STAKE",
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
        "internalType": "address",
        "name": "validator",
        "type": "address"
      }
    ],
    "name": "addStake",
    "outputs": [],
    "stateMutability": "payable",
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
        "name": "members",
        "type": "address[]"
      }
    ],
    "name": "closeEpoch",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "correlation",
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
    "inputs": [
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
        "internalType": "bytes32",
        "name": "commitment",
        "type": "bytes32"
      },
      {
        "internalType": "uint16",
        "name": "commissionBps",
        "type": "uint16"
      }
    ],
    "name": "deposit",
    "outputs": [],
    "stateMutability": "payable",
    "type": "function"
  },
  {
    "inputs": [],
    "name": "doubleSignBps",
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
    "inputs": [
      {
        "internalType": "address",
        "name": "validator",
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
            "internalType": "enum Staking.Status",
            "name": "status",
            "type": "uint8"
          },
          {
            "internalType": "uint16",
            "name": "commissionBps",
            "type": "uint16"
          },
          {
            "internalType": "uint32",
            "name": "exitBlock",
            "type": "uint32"
          },
          {
            "internalType": "uint32",
            "name": "committedAt",
            "type": "uint32"
          },
          {
            "internalType": "address",
            "name": "payTo",
            "type": "address"
          },
          {
            "internalType": "uint48",
            "name": "clockBlock",
            "type": "uint48"
          },
          {
            "internalType": "uint48",
            "name": "clockTime",
            "type": "uint48"
          },
          {
            "internalType": "bytes32",
            "name": "commitment",
            "type": "bytes32"
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
            "name": "stake",
            "type": "tuple"
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
            "name": "unbonding",
            "type": "tuple"
          }
        ],
        "internalType": "struct Staking.Entry",
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
        "name": "validator",
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
        "internalType": "address",
        "name": "validator",
        "type": "address"
      },
      {
        "internalType": "address",
        "name": "account",
        "type": "address"
      }
    ],
    "name": "holdingOf",
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
            "name": "unbonding",
            "type": "uint128"
          },
          {
            "internalType": "uint48",
            "name": "clockBlock",
            "type": "uint48"
          },
          {
            "internalType": "uint48",
            "name": "clockTime",
            "type": "uint48"
          }
        ],
        "internalType": "struct Staking.Holding",
        "name": "holding",
        "type": "tuple"
      },
      {
        "internalType": "uint256",
        "name": "stakeWei",
        "type": "uint256"
      },
      {
        "internalType": "uint256",
        "name": "unbondingWei",
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
    "name": "minStake",
    "outputs": [
      {
        "internalType": "uint128",
        "name": "",
        "type": "uint128"
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
      },
      {
        "internalType": "bytes32",
        "name": "commitment",
        "type": "bytes32"
      }
    ],
    "name": "recommit",
    "outputs": [],
    "stateMutability": "nonpayable",
    "type": "function"
  },
  {
    "inputs": [
      {
        "internalType": "address",
        "name": "validator",
        "type": "address"
      },
      {
        "internalType": "uint128",
        "name": "shares",
        "type": "uint128"
      }
    ],
    "name": "removeStake",
    "outputs": [],
    "stateMutability": "nonpayable",
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
    "name": "requestExit",
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
        "name": "validator",
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
        "name": "validator",
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
    "name": "unbondingBlocks",
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
    "name": "unbondingSeconds",
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
        "name": "validator",
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

export const stakingRuntimeCode: `0x${string}` = '0x6080604052600436106101f0575f3560e01c806377f51c1c11610108578063c29401e81161009d578063dbb7c64e1161006d578063dbb7c64e146106af578063ef8b6b07146106ce578063f0f1776d146106e1578063f940e38514610700578063fa073d761461071f575f5ffd5b8063c29401e814610632578063c98517c514610658578063d3b2fa1b14610676578063d9dabe701461069b575f5ffd5b80639dcf8c40116100d85780639dcf8c40146105cc578063a285aed7146105eb578063a9a981a314610600578063bfd04e1b14610613575f5ffd5b806377f51c1c1461050c578063900cf0cf146105205780639c7e8439146105475780639d2889fe146105a0575f5ffd5b80633af401f61161018957806351f7cef71161015957806351f7cef7146103dc57806358bb388a1461040857806362b938811461043457806365af2ac8146104bc5780637537e81d146104ed575f5ffd5b80633af401f6146103335780633c0883f014610352578063402914f51461037157806351351d53146103aa575f5ffd5b806327db312a116101c457806327db312a1461029d57806328cb1e38146102be57806330e0c401146102dd578063375b3c0a146102fc575f5ffd5b80627b9573146101f457806310767904146102355780631e83409a1461024a5780632296754314610269575b5f5ffd5b3480156101ff575f5ffd5b50600a5461021990600160b01b900465ffffffffffff1681565b60405165ffffffffffff90911681526020015b60405180910390f35b610248610243366004613010565b61074b565b005b348015610255575f5ffd5b50610248610264366004613010565b6108c6565b348015610274575f5ffd5b50600a5461028a90600160f01b900461ffff1681565b60405161ffff909116815260200161022c565b3480156102a8575f5ffd5b50600a5461028a90600160e01b900461ffff1681565b3480156102c9575f5ffd5b506102486102d8366004613010565b6108e7565b3480156102e8575f5ffd5b506102486102f7366004613032565b610944565b348015610307575f5ffd5b50600a5461031b906001600160801b031681565b6040516001600160801b03909116815260200161022c565b34801561033e575f5ffd5b5061024861034d366004613090565b610ab7565b34801561035d575f5ffd5b5061024861036c3660046130fa565b610bf7565b34801561037c575f5ffd5b5061039c61038b366004613010565b60046020525f908152604090205481565b60405190815260200161022c565b3480156103b5575f5ffd5b506103c46002600160a01b0381565b6040516001600160a01b03909116815260200161022c565b3480156103e7575f5ffd5b506103f0600881565b6040516001600160401b03909116815260200161022c565b348015610413575f5ffd5b50610427610422366004613010565b610e74565b60405161022c9190613170565b34801561043f575f5ffd5b5061045361044e3660046132a4565b61103f565b60405161022c939291905f60c0820190506001600160801b0385511682526001600160801b03602086015116602083015265ffffffffffff604086015116604083015265ffffffffffff60608601511660608301528360808301528260a0830152949350505050565b3480156104c7575f5ffd5b506006546104d89063ffffffff1681565b60405163ffffffff909116815260200161022c565b3480156104f8575f5ffd5b506102486105073660046132e6565b611142565b348015610517575f5ffd5b5061039c600881565b34801561052b575f5ffd5b506006546103f09064010000000090046001600160401b031681565b348015610552575f5ffd5b50610566610561366004613032565b611283565b6040805182516001600160a01b031681526020808401516001600160401b0316908201529181015163ffffffff169082015260600161022c565b3480156105ab575f5ffd5b506105bf6105ba366004613032565b611309565b60405161022c9190613358565b3480156105d7575f5ffd5b506102486105e636600461340c565b611483565b3480156105f6575f5ffd5b5061039c60055481565b34801561060b575f5ffd5b505f5461039c565b34801561061e575f5ffd5b5061024861062d366004613475565b61159a565b34801561063d575f5ffd5b506006546103f090600160601b90046001600160401b031681565b348015610663575f5ffd5b5061039c6a3b9ac9ffffffffc465360081565b348015610681575f5ffd5b50600a5461021990600160801b900465ffffffffffff1681565b3480156106a6575f5ffd5b5060025461039c565b3480156106ba575f5ffd5b506102486106c9366004613010565b611667565b6102486106dc36600461349f565b6116d1565b3480156106ec575f5ffd5b506102486106fb366004613518565b61175a565b34801561070b575f5ffd5b5061024861071a3660046132a4565b611930565b34801561072a575f5ffd5b5061073e610739366004613010565b611a68565b60405161022c919061356d565b5f61075582611b11565b60038101549091506a3b9ac9ffffffffc46536009061077e9034906001600160801b0316613593565b11156a3b9ac9ffffffffc4653600906107b657604051638a5c4d8360e01b81526004016107ad91815260200190565b60405180910390fd5b505f6107c56003830134611b79565b9050346001600160801b0382166107f2576040516359cdf26960e11b81526004016107ad91815260200190565b506001600160a01b0383165f9081526008602090815260408083203384529091528120805483929061082e9084906001600160801b03166135a6565b92506101000a8154816001600160801b0302191690836001600160801b031602179055503460055f8282546108639190613593565b9091555061087390508383611c5c565b604080513481526001600160801b038316602082015233916001600160a01b038616917fef7c8dfef14cbefdf829b8f066b068b677992411137321d64b3ed4538c2b3637910160405180910390a3505050565b335f90815260046020526040812080549190556108e38282611cb8565b5050565b6001600160a01b038082165f90815260076020526040902054829133911681146109305760405163245aecd360e01b81526001600160a01b0390911660048201526024016107ad565b5061093a82611b11565b506108e382611d38565b336002600160a01b031461096b576040516329fa754760e01b815260040160405180910390fd5b5f5b600254811015610aa8575f6002828154811061098b5761098b6135c5565b5f918252602082206005919091020160028101549092506001600160a01b031690600185851c81161480156109c657506109c482611da1565b155b80156109d657506109d683611dde565b90508015610a1c5782546040516001600160a01b03918216918416907f30934482f9d90f69abab6b2fd23c49e3658edb62b1aa64fa810582541dd10b04905f90a3610a9a565b600183015483546001600160a01b03165f9081526004602052604081208054600160a01b9093046001600160601b031692909190610a5b908490613593565b909155505082546040516001600160a01b03918216918416907f63c38351431c481c17e0ae3dac603977bfaf841ada7d2a7d5c500649f2eaf58a905f90a35b50505080600101905061096d565b50610ab460025f612f46565b50565b336002600160a01b0314610ade576040516329fa754760e01b815260040160405180910390fd5b5f60055447610aed91906135d9565b90505f5b8481108015610aff57508281105b15610bef575f82858584818110610b1857610b186135c5565b9050602002013510610b2a5782610b44565b848483818110610b3c57610b3c6135c5565b905060200201355b9050801580610b7f5750610b7d878784818110610b6357610b636135c5565b9050602002016020810190610b789190613010565b611da1565b155b15610b8a5750610bdf565b610b9481846135d9565b92508060055f828254610ba79190613593565b90915550610bdd9050878784818110610bc257610bc26135c5565b9050602002016020810190610bd79190613010565b82611f9b565b505b610be8816135ec565b9050610af1565b505050505050565b5f610c0183611b11565b6001600160a01b0384165f90815260086020908152604080832033845290915290208054919250906001600160801b039081169084908116821015610c6c57604051638b29af5960e01b81526001600160801b039283166004820152911660248201526044016107ad565b50508054839082905f90610c8a9084906001600160801b0316613604565b92506101000a8154816001600160801b0302191690836001600160801b031602179055505f610cc5848460030161202490919063ffffffff16565b9050806001600160801b038116610cfb576040516359cdf26960e11b81526001600160801b0390911660048201526024016107ad565b5082545f906001600160a01b031633148015610d3d5750600a5483546001600160801b0391821691610d32916003880191166120c1565b6001600160801b0316105b600a549091506001600160801b03168115610d77576040516306b2f1c760e01b81526001600160801b0390911660048201526024016107ad565b50610d8e600485016001600160801b038416611b79565b83548490601090610db0908490600160801b90046001600160801b03166135a6565b82546101009290920a6001600160801b03818102199093169190921691909102179055506001830180546bffffffffffffffffffffffff1916600160301b4265ffffffffffff9081169190910265ffffffffffff19169190911743909116179055610e1b8685611c5c565b604080516001600160801b0380851682528716602082015233916001600160a01b038916917f65f2d488dfee74402f0bc614d2be490e69161aac1f3ed28cfb0b1de22b75ee4c91015b60405180910390a3505050505050565b610ef560408051610180810182525f8082526020808301829052828401829052606083018290526080830182905260a0830182905260c0830182905260e08301829052610100830182905261012083018290528351808501855282815280820183905261014084015283518085019094528184528301529061016082015290565b6001600160a01b038083165f908152600760209081526040918290208251610180810184528154948516815260ff600160a01b8604811693820193909352939092840191600160a81b909104166003811115610f5357610f5361313c565b6003811115610f6457610f6461313c565b8152815461ffff600160b01b82041660208084019190915263ffffffff600160c01b83048116604080860191909152600160e01b90930416606084015260018401546001600160a01b038116608085015265ffffffffffff600160a01b8204811660a0860152600160d01b9091041660c0840152600284015460e08401528151808301835260038501546001600160801b038082168352600160801b91829004811683850152610100860192909252835180850190945260049095015480821684529490940490931692810192909252610120015292915050565b60408051608080820183525f808352602080840182905283850182905260609384018290526001600160a01b038781168084526008835286842091881684529082528583208651948501875280546001600160801b03808216808852600160801b909204168685015260019091015465ffffffffffff808216878a0152600160301b909104169585019590955282526007905292832090929182916110e9916003909101906120c1565b6001600160801b03169150611130836020015160075f886001600160a01b03166001600160a01b031681526020019081526020015f206004016120c190919063ffffffff16565b6001600160801b031690509250925092565b6001600160a01b038084165f908152600760205260409020548491339116811461118b5760405163245aecd360e01b81526001600160a01b0390911660048201526024016107ad565b506001600160a01b038085165f9081526007602052604090209084166111c45760405163d92e233d60e01b815260040160405180910390fd5b8054839061ffff600160b01b909104811690821611156111fe5760405163014dcf2160e51b815261ffff90911660048201526024016107ad565b50805461ffff60b01b1916600160b01b61ffff85169081029190911782556001820180546001600160a01b0319166001600160a01b03878116918217909255604080519182526020820193909352908716917f04f62daf7d83cd562d454991259cda99bcc71f771eb0c8451eb7d86ff814946b91015b60405180910390a25050505050565b604080516060810182525f80825260208201819052918101919091525f8054839081106112b2576112b26135c5565b5f9182526020918290206040805160608101825291909201546001600160a01b03811682526001600160401b03600160a01b8204169382019390935263ffffffff600160e01b909304929092169082015292915050565b60408051610100810182525f8082526020820181905291810182905260608082018390526080820183905260a0820183905260c082019290925260e08101919091526002828154811061135e5761135e6135c5565b5f918252602091829020604080516101008101825260059390930290910180546001600160a01b038082168552600160a01b80830460ff1696860196909652600160a81b90910461ffff169284019290925260018101548083166060850152939093046001600160601b0316608083015260028301541660a0820152600382015460c082015260048201805491929160e0840191906113fc90613623565b80601f016020809104026020016040519081016040528092919081815260200182805461142890613623565b80156114735780601f1061144a57610100808354040283529160200191611473565b820191905f5260205f20905b81548152906001019060200180831161145657829003601f168201915b5050505050815250509050919050565b336002600160a01b03146114aa576040516329fa754760e01b815260040160405180910390fd5b600680546001600160401b03808816640100000000026bffffffffffffffff0000000019918716600160601b029190911673ffffffffffffffffffffffffffffffff0000000019909216919091171790555f5b8181101561155e5761155660075f85858581811061151d5761151d6135c5565b90506020020160208101906115329190613010565b6001600160a01b03166001600160a01b031681526020019081526020015f2061210e565b6001016114fd565b50846001600160401b03167f4f5adf009d0acd8c90a428c7a4d86c5ab94352cf56ede98f688e8309afe463428560405161127491815260200190565b6001600160a01b038083165f90815260076020526040902054839133911681146115e35760405163245aecd360e01b81526001600160a01b0390911660048201526024016107ad565b505f6115ee84611b11565b9050826115f9612151565b825463ffffffff909116600160e01b026001600160e01b0390911617825560028201556040516001600160a01b038516907f16a6d5eb528e954c285b3fcd39def76a3af8ec262c6aca66d63639db855466d3906116599086815260200190565b60405180910390a250505050565b336002600160a01b031461168e576040516329fa754760e01b815260040160405180910390fd5b60016001600160a01b0382165f90815260076020526040902054600160a81b900460ff1660038111156116c3576116c361313c565b03610ab457610ab481611d38565b600a546001600160801b03163481111561170a576040516306b2f1c760e01b81526001600160801b0390911660048201526024016107ad565b506a3b9ac9ffffffffc46536003411156a3b9ac9ffffffffc46536009061174757604051638a5c4d8360e01b81526004016107ad91815260200190565b506117548484838561216b565b50505050565b336002600160a01b0314611781576040516329fa754760e01b815260040160405180910390fd5b6001600160a01b0384165f908152600760205260408120908154600160a81b900460ff1660038111156117b6576117b661313c565b14806117de575060038154600160a81b900460ff1660038111156117dc576117dc61313c565b145b156117e95750611754565b60018154600160a81b900460ff1660038111156118085761180861313c565b0361181757611817858261250c565b805460ff60a81b1916600360a81b1781555f611831612547565b600383015490915061185190633b9aca00906001600160801b0316613669565b60065464010000000090046001600160401b03165f90815260096020526040812080546001600160801b03939093169290919061188f908490613593565b909155505f90506118a3600484018361267e565b6118b0600385018461267e565b6118ba9190613593565b6040805160ff891681526001600160401b03881660208201529081018290526001600160a01b038681166060830152919250908816907f12849f112124c54d51ec7829114e9a1685b85b1151a83357e9686375f8dca5899060800160405180910390a261192781856126c3565b50505050505050565b6001600160a01b0382165f90815260076020908152604080832060088352818420338552909252822060018101549192909161197e9065ffffffffffff80821691600160301b900416612729565b156119c65781546119a3906004850190600160801b90046001600160801b0316612024565b6119b6906001600160801b031682613593565b82546001600160801b0316835590505b60028354600160a81b900460ff1660038111156119e5576119e561313c565b10158015611a1557506001830154611a159065ffffffffffff600160a01b8204811691600160d01b900416612729565b15611a57578154611a339060038501906001600160801b0316612024565b611a46906001600160801b031682613593565b82546001600160801b031916835590505b611a618482611cb8565b5050505050565b6001600160a01b0381165f908152600360205260409020805460609190611a8e90613623565b80601f0160208091040260200160405190810160405280929190818152602001828054611aba90613623565b8015611b055780601f10611adc57610100808354040283529160200191611b05565b820191905f5260205f20905b815481529060010190602001808311611ae857829003601f168201915b50505050509050919050565b6001600160a01b0381165f90815260076020526040902060018154600160a81b900460ff166003811115611b4757611b4761313c565b148290611b7357604051634022bc5560e01b81526001600160a01b0390911660048201526024016107ad565b50919050565b81545f908190600160801b90046001600160801b031615611bc45783546001600160801b0380821691611bb591600160801b9091041685613696565b611bbf91906136ad565b611bc6565b825b8454909150839085905f90611be59084906001600160801b03166135a6565b92506101000a8154816001600160801b0302191690836001600160801b0316021790555080915081845f0160108282829054906101000a90046001600160801b0316611c3191906135a6565b92506101000a8154816001600160801b0302191690836001600160801b031602179055505092915050565b60038101545f906a3b9ac9ffffffffc46536006001600160801b0390911610611c90576a3b9ac9ffffffffc4653600611c9f565b60038201546001600160801b03165b905061175483611cb3633b9aca00846136ad565b61277f565b5f8111611cd8576040516326b1e12960e11b815260040160405180910390fd5b8060055f828254611ce991906135d9565b90915550506040518181526001600160a01b0383169033907ff7a40077ff7a04c7e61f6f26fb13774259ddf1b6bce9ecf26a8276cdd39926839060200160405180910390a36108e382826128cb565b6001600160a01b0381165f908152600760205260409020805460ff60a81b1916600160a91b178155611d6a828261250c565b6040516001600160a01b038316907faa5cfc974bd759f818e3e18a4afc9d79daaa0722158497792100a1fddd13e193905f90a25050565b5f806001600160a01b0383165f90815260076020526040902054600160a81b900460ff166003811115611dd657611dd661313c565b141592915050565b600281015460018201545f916001600160a01b0316908290611e29908390611e1b90633b9aca0090600160a01b90046001600160601b03166136c0565b6001600160601b031661277f565b9050816001600160a01b0316816001600160a01b031603611e4d57505f9392505050565b6001600160a01b03811615611e6557611e6581611d38565b6001600160a01b038281165f90815260076020526040902085548154818416600160a81b61ffff60a01b19909216600160a01b9384900460ff169093029290921781176001600160a01b0319818116841785556001808b01548b54600163ffff000160a01b03199094169095179390920461ffff16600160b01b0292909217845583018054929094169116179091556003850154611f01612151565b82546001600160e01b0316600160e01b63ffffffff9283160217835560028301919091556001860154611f4a916003840191600160a01b90046001600160601b031690611b7916565b6001600160a01b039384165f90815260086020908152604080832098549096168252969096529290942080546001600160801b0319166001600160801b039093169290921790915550600192915050565b6001600160a01b038083165f908152600760209081526040918290208251606081018452858152815461ffff600160b01b820416938201939093529190931691810191909152611ff1908490600384019061293e565b60018154600160a81b900460ff1660038111156120105761201061313c565b0361201f5761201f8382611c5c565b505050565b5f61202f83836120c1565b8354909150819084905f9061204e9084906001600160801b0316613604565b92506101000a8154816001600160801b0302191690836001600160801b0316021790555081835f0160108282829054906101000a90046001600160801b03166120979190613604565b92506101000a8154816001600160801b0302191690836001600160801b0316021790555092915050565b5f6001600160801b038216156121035782546001600160801b03600160801b82048116916120f491908116908516613696565b6120fe91906136ad565b612105565b5f5b90505b92915050565b600101805465ffffffffffff438116600160a01b0265ffffffffffff60a01b194292909216600160d01b02919091166001600160a01b0390921691909117179055565b5f63ffffffff4310612166575063ffffffff90565b504390565b60025460081161218e57604051638acb5f2760e01b815260040160405180910390fd5b6001600160a01b0383166121b55760405163d92e233d60e01b815260040160405180910390fd5b8161271061ffff821611156121e45760405163014dcf2160e51b815261ffff90911660048201526024016107ad565b505f61223c6121f660208701876136ed565b6122036020880188613706565b8080601f0160208091040260200160405190810160405280939291908181526020018383808284375f92019190915250612a5292505050565b905061224781611da1565b1581906122735760405163c4246ce160e01b81526001600160a01b0390911660048201526024016107ad565b506122ca61228460208701876136ed565b6122916040880188613706565b8080601f0160208091040260200160405190810160405280939291908181526020018383808284375f92019190915250612b0792505050565b6001600160a01b0381165f90815260036020526040902080546122ec90613623565b90505f03612326576123016020860186613706565b6001600160a01b0383165f908152600360205260409020916123249190836137aa565b505b5f349050806001600160601b031660055f8282546123449190613593565b909155505060408051610100810190915233815260029060208082019061236d908a018a6136ed565b60ff1681526020018661ffff168152602001876001600160a01b03168152602001836001600160601b03168152602001846001600160a01b031681526020018581526020018880604001906123c29190613706565b8080601f0160208091040260200160405190810160405280939291908181526020018383808284375f9201829052509390945250508354600181810186559482526020918290208451600590920201805492850151604086015161ffff16600160a81b0261ffff60a81b1960ff909216600160a01b9081026001600160a81b03199096166001600160a01b03958616179590951791909116178155606085015160808601516001600160601b0316909302928216929092179482019490945560a0830151600282018054919095166001600160a01b031991909116179093555060c0810151600383015560e081015190919060048201906124c39082613863565b50506040516001600160601b03831681523391506001600160a01b038416907f13153189bc7746f17cef22fff0768390d6bddc866e67e3320c1835bb608dfd3590602001610e64565b6125165f83612b67565b61251e612151565b815463ffffffff91909116600160c01b0263ffffffff60c01b199091161781556108e38161210e565b5f80805b60086001600160401b0382161180159061257c57506006546001600160401b03640100000000909104811690821611155b156125da576006546009905f906125a590849064010000000090046001600160401b031661391d565b6001600160401b0316815260208101919091526040015f20546125c89083613593565b91506125d38161393c565b905061254b565b506006545f90600160601b90046001600160401b03161561260d57600654600160601b90046001600160401b0316612610565b60015b600a546001600160401b039190911691508190612639908490600160f01b900461ffff16613696565b61264590612710613696565b61264f91906136ad565b600a546126679190600160e01b900461ffff16613593565b92506127108311156126795761271092505b505090565b81545f906127109061269a9084906001600160801b0316613696565b6126a491906136ad565b8354909150819084905f906120979084906001600160801b0316613604565b5f6001600160a01b038216156126e3576126de6010846136ad565b6126e5565b5f5b6001600160a01b0383165f90815260046020526040812080549293508392909190612711908490613593565b9091555061201f905061272482856135d9565b612cd9565b600a545f9061274b9065ffffffffffff600160b01b9091048116908516613593565b43101580156121055750600a546127759065ffffffffffff600160801b9091048116908416613593565b4210159392505050565b5f806001600160401b03831061279c576001600160401b0361279e565b825b90505f6040518060600160405280866001600160a01b03168152602001836001600160401b031681526020016127d2612151565b63ffffffff168152509050835f036127f3576127ee5f86612b67565b6128c3565b6001600160a01b0385165f908152600160205260409020541561281a576127ee5f82612cfa565b6006545f5463ffffffff9091161115612837576127ee5f82612da1565b5f5f6128425f612e1a565b91509150806001600160401b0316846001600160401b031610806128935750806001600160401b0316846001600160401b03161480156128935750816001600160a01b0316876001600160a01b0316115b156128a45786945050505050612108565b6128ae5f83612b67565b6128b85f84612da1565b509250612108915050565b505092915050565b804710156128f55760405163cf47918160e01b8152476004820152602481018290526044016107ad565b61290e828260405180602001604052805f815250612f26565b15612917575050565b3d15612925576108e3612f3b565b60405163d6bda27560e01b815260040160405180910390fd5b81545f90600160801b90046001600160801b03161561298057612710826020015161ffff16835f01516129719190613696565b61297b91906136ad565b612983565b81515b90508060045f84604001516001600160a01b03166001600160a01b031681526020019081526020015f205f8282546129bb9190613593565b909155505081516129cd9082906135d9565b835484905f906129e79084906001600160801b03166135a6565b92506101000a8154816001600160801b0302191690836001600160801b03160217905550836001600160a01b03167f291e8ba3c0f4b0bd86e6e2346fcee1e7ca0975b1cc1886bfbc722d34f3f24d91835f015183604051611659929190918252602082015260400190565b5f8060ff8416600114612a8e5760ff8416600214612a865760ff8416600314612a7b575f612a7e565b60215b60ff16612a91565b6107a0612a91565b60205b61ffff1690505f81118015612aa65750808351145b83518591612ad257604051635145923f60e01b815260ff909216600483015260248201526044016107ad565b50508383604051602001612ae7929190613966565b60408051601f198184030181529190528051602090910120949350505050565b5f60ff8316600114612b2d5760ff8316600214612b25576041612b30565b610ced612b30565b60405b61ffff169050808251148383519091611a6157604051632c71bd6760e11b815260ff909216600483015260248201526044016107ad565b6001600160a01b0381165f90815260018301602052604081205490819003612b8e57505050565b82545f908490612ba0906001906135d9565b81548110612bb057612bb06135c5565b5f9182526020918290206040805160608101825291909201546001600160a01b03811682526001600160401b03600160a01b8204169382019390935263ffffffff600160e01b909304929092169082015290508084612c106001856135d9565b81548110612c2057612c206135c5565b5f91825260208083208451920180548583015160409687015163ffffffff16600160e01b026001600160e01b036001600160401b03909216600160a01b026001600160e01b03199093166001600160a01b0396871617929092171617905584519091168252600187019052208290558354849080612ca057612ca061398f565b5f828152602080822083015f199081018390559092019092556001600160a01b0394909416815260019490940190925250506040812055565b8060055f828254612cea91906135d9565b90915550610ab490505f826128cb565b80516001600160a01b03165f908152600180840160205260409091205482918491612d2591906135d9565b81548110612d3557612d356135c5565b5f9182526020918290208351910180549284015160409094015163ffffffff16600160e01b026001600160e01b036001600160401b03909516600160a01b026001600160e01b03199094166001600160a01b039093169290921792909217929092169190911790555050565b8154600181810184555f84815260208082208551940180548287015160409788015163ffffffff16600160e01b026001600160e01b036001600160401b03909216600160a01b026001600160e01b03199093166001600160a01b0390981697881792909217161790558554938252919094019052912055565b5f5f825f015f81548110612e3057612e306135c5565b5f91825260208220015484546001600160a01b03909116918591612e5657612e566135c5565b5f91825260209091200154909250600160a01b90046001600160401b0316905060015b8354811015612f20575f845f018281548110612e9757612e976135c5565b5f918252602082200180549092506001600160a01b038116916001600160401b03600160a01b9092048216918616821080612eff5750856001600160401b0316826001600160401b0316148015612eff5750866001600160a01b0316836001600160a01b0316115b90508015612f11579195509350849084905b50505050806001019050612e79565b50915091565b5f5f5f83516020850186885af1949350505050565b6040513d5f823e3d81fd5b5080545f8255600502905f5260205f2090612f619190612f63565b565b5f5b8082111561201f5780830180546001600160b81b03191681555f600182018190556002820180546001600160a01b031916905560038201819055612fac6004830182612fb6565b5050600501612f65565b508054612fc290613623565b5f825580601f10612fd1575050565b601f0160209004905f5260205f2090612f6191905f5b8082111561201f575f81840155600101612fe7565b6001600160a01b0381168114610ab4575f5ffd5b5f60208284031215613020575f5ffd5b813561302b81612ffc565b9392505050565b5f60208284031215613042575f5ffd5b5035919050565b5f5f83601f840112613059575f5ffd5b5081356001600160401b0381111561306f575f5ffd5b6020830191508360208260051b8501011115613089575f5ffd5b9250929050565b5f5f5f5f604085870312156130a3575f5ffd5b84356001600160401b038111156130b8575f5ffd5b6130c487828801613049565b90955093505060208501356001600160401b038111156130e2575f5ffd5b6130ee87828801613049565b95989497509550505050565b5f5f6040838503121561310b575f5ffd5b823561311681612ffc565b915060208301356001600160801b0381168114613131575f5ffd5b809150509250929050565b634e487b7160e01b5f52602160045260245ffd5b6004811061316c57634e487b7160e01b5f52602160045260245ffd5b9052565b81516001600160a01b031681526101c081016020830151613196602084018260ff169052565b5060408301516131a96040840182613150565b5060608301516131bf606084018261ffff169052565b5060808301516131d7608084018263ffffffff169052565b5060a08301516131ef60a084018263ffffffff169052565b5060c083015161320a60c08401826001600160a01b03169052565b5060e083015161322460e084018265ffffffffffff169052565b5061010083015161324061010084018265ffffffffffff169052565b5061012083015161012083015261014083015161327761014084018280516001600160801b03908116835260209182015116910152565b5061016083015180516001600160801b039081166101808501526020820151166101a08401525092915050565b5f5f604083850312156132b5575f5ffd5b82356132c081612ffc565b9150602083013561313181612ffc565b803561ffff811681146132e1575f5ffd5b919050565b5f5f5f606084860312156132f8575f5ffd5b833561330381612ffc565b9250602084013561331381612ffc565b9150613321604085016132d0565b90509250925092565b5f81518084528060208401602086015e5f602082860101526020601f19601f83011685010191505092915050565b602080825282516001600160a01b03168282015282015160ff1660408083019190915282015161ffff811660608301525f905060608301516001600160a01b03811660808401525060808301516001600160601b03811660a08401525060a08301516001600160a01b03811660c08401525060c083015160e083015260e0830151610100808401526133ee61012084018261332a565b949350505050565b80356001600160401b03811681146132e1575f5ffd5b5f5f5f5f5f60808688031215613420575f5ffd5b613429866133f6565b94506020860135935061343e604087016133f6565b925060608601356001600160401b03811115613458575f5ffd5b61346488828901613049565b969995985093965092949392505050565b5f5f60408385031215613486575f5ffd5b823561349181612ffc565b946020939093013593505050565b5f5f5f5f608085870312156134b2575f5ffd5b84356001600160401b038111156134c7575f5ffd5b8501606081880312156134d8575f5ffd5b935060208501356134e881612ffc565b9250604085013591506134fd606086016132d0565b905092959194509250565b803560ff811681146132e1575f5ffd5b5f5f5f5f6080858703121561352b575f5ffd5b843561353681612ffc565b935061354460208601613508565b9250613552604086016133f6565b9150606085013561356281612ffc565b939692955090935050565b602081525f612105602083018461332a565b634e487b7160e01b5f52601160045260245ffd5b808201808211156121085761210861357f565b6001600160801b0381811683821601908111156121085761210861357f565b634e487b7160e01b5f52603260045260245ffd5b818103818111156121085761210861357f565b5f600182016135fd576135fd61357f565b5060010190565b6001600160801b0382811682821603908111156121085761210861357f565b600181811c9082168061363757607f821691505b602082108103611b7357634e487b7160e01b5f52602260045260245ffd5b634e487b7160e01b5f52601260045260245ffd5b5f6001600160801b0383168061368157613681613655565b806001600160801b0384160491505092915050565b80820281158282048414176121085761210861357f565b5f826136bb576136bb613655565b500490565b5f6001600160601b038316806136d8576136d8613655565b806001600160601b0384160491505092915050565b5f602082840312156136fd575f5ffd5b61210582613508565b5f5f8335601e1984360301811261371b575f5ffd5b8301803591506001600160401b03821115613734575f5ffd5b602001915036819003821315613089575f5ffd5b634e487b7160e01b5f52604160045260245ffd5b601f82111561201f578282111561201f57805f5260205f20601f840160051c602085101561378757505f5b90810190601f840160051c035f5b81811015610bef575f83820155600101613795565b6001600160401b038311156137c1576137c1613748565b6137d5836137cf8354613623565b8361375c565b5f601f841160018114613806575f85156137ef5750838201355b5f19600387901b1c1916600186901b178355611a61565b5f83815260208120601f198716915b828110156138355786850135825560209485019460019092019101613815565b5086821015613851575f1960f88860031b161c19848701351681555b505060018560011b0183555050505050565b81516001600160401b0381111561387c5761387c613748565b6138908161388a8454613623565b8461375c565b6020601f8211600181146138c2575f83156138ab5750848201515b5f19600385901b1c1916600184901b178455611a61565b5f84815260208120601f198516915b828110156138f157878501518255602094850194600190920191016138d1565b508482101561390e57868401515f19600387901b60f8161c191681555b50505050600190811b01905550565b6001600160401b0382811682821603908111156121085761210861357f565b5f6001600160401b0382166001600160401b03810361395d5761395d61357f565b60010192915050565b60ff60f81b8360f81b1681525f82518060208501600185015e5f92016001019182525092915050565b634e487b7160e01b5f52603160045260245ffdfea164736f6c6343000825000a'
