/** Verbs that make a sentence. A title with a verb that is missing here fails; then add the verb. */

/** Forms that do not follow from others. */
const IRREGULAR =
  'is are was were has have had does do did can could may might must will would shall should cannot isn’t aren’t don’t doesn’t goes go ' +
  'threw took gave made told found knew went came became began saw sent held kept lost left ran said got';

/** Words that are more often a noun in this product's titles, such as `press` or `batch`, are left out. */
const REGULAR =
  'accept act add adopt afford agree allow alter animate announce answer appear apply arm arrive ask await avoid back become begin ' +
  'belong bind block blank break bring bubble build bury cancel carry catch cause change check choose claim clear clip close ' +
  'collapse collect come compare compile complain compute concern consist contain continue copy cost count cover crash create ' +
  'cross cut deal decide declare defer delay delete deliver deny depend derive describe detach develop die differ dismiss do ' +
  'doubt draw drive drop dwell echo emit empty enable end ensure evaluate exceed exist expect expire explain export fade fail ' +
  'fall feed fetch fill filter find finish fit flush follow forbid forget forgive forward free freeze get give glance grant ' +
  'grow halve handle hang happen hand harm hear heed help hide hit hold hurry ignore import include increase install invent ' +
  'jump keep know lack last lay lead learn leave lengthen let lie like limit list listen live load look lose lower make mark ' +
  'match matter mean measure meet merge mind mirror ascend ingest miss mistype mount move name need note notice obey observe occupy offer open ' +
  'outlast outlive overflow own pack pass pause pay perform persist pick pin play post prefer press prevent prove publish pull ' +
  'purge push put quote raise reach read receive recognize record recover redirect refer refuse register reject release reload ' +
  'rely remain remember remove renew render repeat replace report require reset resolve respect rest restart restore retry ' +
  'return reveal revive ring rise run save say scale scroll search see select send serve set settle shed shift ship shorten ' +
  'show shrink sign sit skip slide sleep slow sniff spare spawn speak split spoil stall stand start starve stay steer stop store ' +
  'stretch submit succeed suffice suggest suit sum survive swap swell switch take talk tally tear tell tend think throw tick ' +
  'toggle touch travel treat trust try turn type understand unload update use veto vouch wait wake want warn wash watch weaken ' +
  'weigh win work wrap write correct contradict route print double match halve yield';

const thirdPerson = (verb: string): string => {
  if (/[^aeiou]y$/.test(verb)) return `${verb.slice(0, -1)}ies`;
  return /(?:s|x|z|ch|sh|o)$/.test(verb) ? `${verb}es` : `${verb}s`;
};

const VERBS = new Set([
  ...IRREGULAR.split(' '),
  ...REGULAR.split(' ').flatMap((verb) => [verb, thirdPerson(verb)]),
]);

/** Whether a phrase has a verb in a form that can carry a sentence. */
export const hasVerb = (text: string): boolean =>
  text
    .toLowerCase()
    .split(/[^a-z’']+/)
    .some((word) => VERBS.has(word.replace("'", '’')) || /[a-z]{2}ed$/.test(word));
