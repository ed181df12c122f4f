/** Declares what the kernel asks of its host; none of these may call back into the kernel. */

/** Fills the account at `entry`, whose address stands there: nonce, balance, code hash. 1 if it exists. */
// @ts-ignore: decorator
@external('host', 'account')
export declare function hostAccount(entry: usize): u32

/** Writes the value of the slot at `slot`, whose key stands there, behind the key. */
// @ts-ignore: decorator
@external('host', 'slot')
export declare function hostSlot(account: usize, slot: usize): void

/** Whether an account has any storage (EIP-7610). */
// @ts-ignore: decorator
@external('host', 'hasStorage')
export declare function hostHasStorage(account: usize): u32

/** Length of the code with the hash of 32 bytes at `hash`. */
// @ts-ignore: decorator
@external('host', 'codeSize')
export declare function hostCodeSize(hash: usize): u32

/** Copies that code to `at`. */
// @ts-ignore: decorator
@external('host', 'code')
export declare function hostCode(hash: usize, at: usize): void

/** Takes code that was made. */
// @ts-ignore: decorator
@external('host', 'newCode')
export declare function hostNewCode(hash: usize, code: usize, length: u32): void

/** Runs a precompile: the gas it cost, or -1 when it fails; its output lies at `out`, its length in the context. */
// @ts-ignore: decorator
@external('host', 'precompile')
export declare function hostPrecompile(
  id: u32,
  input: usize,
  length: u32,
  gas: f64,
  out: usize,
): f64

/** Writes the hash of a block as 32 bytes; 0 if it is not one of the last 256. */
// @ts-ignore: decorator
@external('host', 'blockHash')
export declare function hostBlockHash(number: f64, out: usize): u32

/** Tells of an instruction, of a frame that begins, of one that ends (only when traced). */
// @ts-ignore: decorator
@external('host', 'step')
export declare function hostStep(pc: u32, op: u32, gas: f64, sp: usize): void

// @ts-ignore: decorator
@external('host', 'enter')
export declare function hostEnter(frame: usize): void

// @ts-ignore: decorator
@external('host', 'leave')
export declare function hostLeave(status: i32, gas: f64, output: usize, size: u32): void
