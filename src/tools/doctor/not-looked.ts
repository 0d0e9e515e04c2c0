/** Why there was nothing to look at, in words for the person who typed the command. */
export class NotLooked extends Error {
  override readonly name = 'NotLooked';
}
