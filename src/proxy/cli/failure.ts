/** What ends a command, in words for whoever typed it. */
export class Failure extends Error {
  override readonly name = 'Failure';
}
