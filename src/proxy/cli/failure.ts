/** What ends a command, in words for the person who typed it. */
export class Failure extends Error {
  override readonly name = 'Failure';
}
