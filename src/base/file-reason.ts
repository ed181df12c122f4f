/** Says in words why a file or a folder could not be read or written. */

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder; look at its path',
  EISDIR: 'it is a folder, and a file is needed',
  ENOTDIR: 'it, or a part of its path, is a file where a folder is needed',
  EACCES: 'this user has no right to; change the rights, or run as another user',
  EPERM: 'this user has no right to; change the rights, or run as another user',
  EEXIST: 'something else is there already; move it away, or choose another name',
  EROFS: 'the disk can only be read; choose another place',
  ENOSPC: 'the disk is full; make room and try again',
  ENAMETOOLONG: 'its name is too long',
  EMFILE: 'too many files are open',
}

/** What went wrong with a file or folder, by its name; `undefined` for another error. */
export function fileFailure(error: unknown): string | undefined {
  const { path, syscall } = error as NodeJS.ErrnoException
  return path && syscall ? `${path}: ${fileReason(error)}` : undefined
}

/** The reason in an error of the operating system, without its codes, or of JSON.parse; that of another error as it is. */
export function fileReason(error: unknown): string {
  if (error instanceof SyntaxError) return 'it is no JSON'
  const { code = '', message } = error as NodeJS.ErrnoException
  return reasons[code] ?? message
}
