/** Words and phrases that readers stumble over, each with what to write instead. */

/** One of them. */
export interface Wording {
  readonly id: string;
  readonly pattern: RegExp;
  readonly instead: string;
}

/** Verbs of which people write "does not … any", never "… no". */
const VERB_BEFORE_NO = 'knows?|makes?|counts?|harms?|finds?|hears?';

/** Words that may follow "is no" in plain English: "there is no…" is found by the words before it. */
const AFTER_IS_NO =
  'longer|more|less|fewer|other|such|one|need|way|reason|matter|doubt|point|room|place|harm|use|help|easy|good|better|worse|different|guarantee|problem|sense|difference|mistake';

/** Words of another century, or of another language's order, with the plain ones. */
const WORDS: readonly (readonly [id: string, pattern: RegExp, instead: string])[] = [
  [
    'tell',
    /(?<!\b(?:can|cannot|could) )\b(?:tells?|telling (?=that|whether|how|what|you|it|them|everybody))\b(?! (?:\w+ ){1,6}?(?:apart|from)\b)/gi,
    'report, say or show',
  ],
  ['tell', /\btold\b(?! apart)/gi, 'reported; a person or program is notified'],
  ['anew', /\banew\b/gi, 'again; something is rebuilt or retried'],
  ['whoever', /\b(?:whoever|whomever|whosoever|whichever|whatsoever)\b/gi, 'everybody who, any or every'],
  ['whoever', /\bwhatever\b/gi, 'everything that, any or every'],
  [
    'alone',
    /(?<!\b(?:leaves?|left|leaving|lets?|letting|stands?|is|are|it|means? \w+|by itself) (?:\S+ ){0,6}?)\balone\b/gi,
    'only, before the word that it limits',
  ],
  [
    'where-if',
    /^Where(?! to\b)(?= [^?,.:;]*, (?!if|of|and|in|on|or|also|once|outside|wherever|perhaps|without|as far|after|for)\b)/g,
    'if or when, unless it is a place',
  ],
  [
    'where-if',
    /\bwhere (?:(?:none|neither|nothing|nobody|no \w+|there|that) (?:is|are|was|can|cannot|could|fails?|has|does|may|must)|it (?:can|cannot|fails?|has|may|must))\b/gi,
    'if, unless it is a place',
  ],
  ['too-last', /, too\b(?= ?[.;:,)]|$)/gi, 'also, before the verb'],
  [
    'succeed',
    /\bsucceed(?:s|ed|ing)? (?:it|him|her|them|each other|one another|the \w+)\b/gi,
    'take over from',
  ],
  ['archaic', /\b(?:heed(?:s|ed|ing|less)?)\b/gi, 'note, obey or follow'],
  ['archaic', /\bbereft\b/gi, 'without, or that lost'],
  ['archaic', /\blest\b/gi, 'so that … not'],
  [
    'archaic',
    /\b(?:amidst|amid|whence|thereof|hitherto|hence|thence|wherein|whereby|therein|whereupon|nought|naught|ere|betimes|forsooth|unto|forthwith|erstwhile|albeit)\b/gi,
    'plain words',
  ],
  ['archaic', /\bmend(?:s|ed|ing)?\b/gi, 'fix or repair'],
  ['archaic', /\bbears? (?:a|the|its|this|that|another|no|one)\b/gi, 'has'],
  ['archaic', /\bstrays?\b(?=\.)/gi, 'plain words'],
  ['come-again', /\bcom(?:es?|ing) again\b/gi, 'retry, or wait until'],
  [
    'come-again',
    /\b(?:try|tries|tried|ask|asks|asked|begin|begins|made|make|makes|built) (?:it |them )?(?:afresh|once more)\b/gi,
    'retry, or again',
  ],
  ['of-them', /\bof (?:them|it|this|that|these|those) (?:alone|only)\b/gi, 'only these'],
  [
    'is-no',
    new RegExp(
      `(?<!\\b(?:there|it|here|as|which|where|nor|there (?:would|may|can|will|must|should)) )\\b(?:is|are|was|were|be) no (?!${AFTER_IS_NO})[a-z]+`,
      'gi',
    ),
    'is not a …',
  ],
  ['verb-no', new RegExp(`\\b(?:${VERB_BEFORE_NO}) no (?!${AFTER_IS_NO})[a-z]+`, 'gi'), 'does not … any'],
  [
    'is-none',
    /(?<!\b(?:there|that|here) )\b(?:is|are|was|were|be) none\b/gi,
    'is not one, or does not exist',
  ],
  ['is-none', /\bnot the one\b/gi, 'wrong; say what is expected'],
  ['of-first', /^Of (?!course\b)[a-z]/g, 'begin with the subject'],
  ['not-of', /\bnot of every\b/gi, 'occasionally'],
  ['to-be-done', /\b(?:is|are|was|were) to be \w+/gi, 'must, can, or say who does it'],
  ['to-be-done', /\bwhat to be\b/gi, 'what to do'],
  [
    'inversion',
    /(?:^|[,;:] )(?:Were|Had|were|had) (?:it|they|he|she|there|the \w+|a \w+) (?!\w+ing\b)[a-z]+/g,
    'if',
  ],
  ['answered-for', /\banswered for\b(?! (?:a|an|the|\d+) )/gi, 'settled, or the proxy answered'],
  [
    'a-text',
    /\b(?:a|an|opaque|each|every|one|any|another|such a) text\b(?! (?:file|node|field|input|area|box|editor|of|alternative))/gi,
    'a string, a message, or what it is',
  ],
  [
    'stands-twice',
    /\bstands? (?:twice|once|here|there|in(?! for\b| line\b)|behind|beside|below|above|between|under)\b/gi,
    'is',
  ],
  ['stand-for', /\bmust not stand for\b/gi, 'say what would go wrong, such as “shadows”'],
  ['goes-on', /\bgo(?:es)? on (?:to be|being|\w+ing)\b/gi, 'continues'],
  ['but-for', /\bbut for\b/gi, 'except'],
  ['but-for', /\bsave for\b/gi, 'except'],
  [
    'nothing-but',
    /\b(?:no \w+|none|nobody|nowhere) but\b(?! (?:it|that|this|the|a|they|is|are|not|also|does)\b)/gi,
    'only',
  ],
  ['has-to-say', /\b(?:nothing|something|anything) to say\b/gi, 'what it reports'],
  ['so-that-no', /\bin order to\b/gi, 'to'],
  ['costs-bytes', /\bcosts? (?:it|them) bytes\b/gi, 'grows it'],
  ['vague-check', /^Check (?:its|the|your|their) \w+(?:[.;]|$)/g, 'say what is wrong with it, and the value'],
  [
    'vague-check',
    /\. Check (?:its|the|your|their) \w+(?:[.;]|$)/g,
    'say what is wrong with it, and the value',
  ],
  ['house', /\b(?:worthOf|sifting)\b/g, 'plain words'],
];

/** All of them. */
export const WORDINGS: readonly Wording[] = WORDS.map(([id, pattern, instead]) => ({ id, pattern, instead }));
