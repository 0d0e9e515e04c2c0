/** The panel beside the page: offers, events and their way, what waits, the page and the options. */
import type { ComponentChildren, JSX } from 'preact';
import type { Snapshot } from '../looking.js';
import type { Setting } from '../settings.js';
import type { Fact } from '../waiting.js';
import { STEPS, type Way } from '../ways.js';
import { timeOf } from '../words.js';
import { Button } from './button.js';
import { More, Offers } from './offer-list.js';

/** What its buttons do. */
export interface PanelActions {
  /** Scrolls an offer into view. */
  readonly onShow: (element: Element) => void;
  readonly onCopy: () => void;
  readonly onFold: () => void;
  readonly onClose: () => void;
  /** Looks at another endpoint's tracker. */
  readonly onChoose: (endpoint: string) => void;
}

/** What it shows. */
export interface PanelState {
  readonly snapshot: Snapshot;
  readonly isFolded: boolean;
  /** What copying came to, for a moment. */
  readonly notice: string;
  /** The whole text, where the browser lets nobody copy it by itself. */
  readonly text: string | undefined;
  readonly operatorUrl: string | undefined;
}

/** More events are counted, not listed. */
const MOST = 100;

const Section = ({
  title,
  isOpen = true,
  children,
}: {
  readonly title: string;
  readonly isOpen?: boolean;
  readonly children: ComponentChildren;
}): JSX.Element => (
  <details open={isOpen}>
    <summary>
      <h2>{title}</h2>
    </summary>
    {children}
  </details>
);

const Event = ({
  way,
  operatorUrl,
}: {
  readonly way: Way;
  readonly operatorUrl: string | undefined;
}): JSX.Element => {
  const { id, isIdKnown, isUpstreamKnown, type, reason, offerId, at, steps, why } = way;
  return (
    <li>
      <div class="row">
        <time>{timeOf(at)}</time>
        <b>{type}</b>
        {reason && ` (${reason})`}
        <code>{offerId}</code>
        {operatorUrl === undefined || (steps < 3 && isIdKnown) ? null : (
          <a
            href={`${operatorUrl}events?find=${encodeURIComponent(isIdKnown ? id : offerId)}`}
            target="_blank"
            rel="noopener noreferrer"
          >
            at the proxy
          </a>
        )}
      </div>
      <ol class="steps" aria-label={`${type} ${offerId}: ${STEPS[steps - 1] ?? 'not recorded'}`}>
        {STEPS.map((step, index) => (
          <li class={index < steps ? 'done' : ''}>
            {step}
            {index === STEPS.length - 1 && !isUpstreamKnown ? ': not known to a page' : ''}
          </li>
        ))}
      </ol>
      {why === undefined ? null : <p class="hint">{why}</p>}
    </li>
  );
};

const Facts = ({ facts }: { readonly facts: readonly Fact[] }): JSX.Element => (
  <dl>
    {facts.map(({ label, words, isWrong }) => (
      <div class={isWrong ? 'wrong' : ''}>
        <dt>{label}</dt>
        <dd>{words}</dd>
      </div>
    ))}
  </dl>
);

const Settings = ({ settings }: { readonly settings: readonly Setting[] }): JSX.Element => (
  <table>
    <thead>
      <tr>
        <th scope="col">option</th>
        <th scope="col">value</th>
        <th scope="col">from</th>
      </tr>
    </thead>
    <tbody>
      {settings.map(({ name, value, origin }) => (
        <tr>
          <th scope="row">{name}</th>
          <td>{value}</td>
          <td>{origin}</td>
        </tr>
      ))}
    </tbody>
  </table>
);

const Endpoints = ({
  snapshot,
  onChoose,
}: Pick<PanelState, 'snapshot'> & Pick<PanelActions, 'onChoose'>): JSX.Element | null =>
  snapshot.endpoint === undefined ? null : (
    <p class="endpoint">
      <code>{snapshot.endpoint}</code>
      {snapshot.others.map((other) => (
        <Button onPress={() => onChoose(other)}>Look at {other}</Button>
      ))}
    </p>
  );

const Body = ({ snapshot, text, operatorUrl, onShow, onChoose }: PanelState & PanelActions): JSX.Element => {
  const { problem, offers, offerCount, events, waiting, page, settings, mistakes, unseen, closings } =
    snapshot;
  return (
    <div class="body">
      {text === undefined ? null : (
        <label>
          Copy this text by hand:
          <textarea readOnly rows={8} value={text} />
        </label>
      )}
      <Endpoints snapshot={snapshot} onChoose={onChoose} />
      {problem === undefined ? null : <p class="problem">{problem}</p>}
      {[...waiting].reverse().map(({ words, isWrong }) => (isWrong ? <p class="problem">{words}</p> : null))}
      <Section title={`Offers (${offerCount})`}>
        <Offers {...{ offers, unseen, onShow }} />
        <More count={offerCount - offers.length} />
      </Section>
      {mistakes.length ? (
        <Section title={`Attributes (${mistakes.length})`}>
          {mistakes.map((words) => (
            <p class="hint">{words}</p>
          ))}
        </Section>
      ) : null}
      {problem === undefined ? (
        <>
          <Section title={`Events of this page (${events.length})`}>
            {closings.map((words) => (
              <p class="hint">{words}</p>
            ))}
            <ul>
              {events.slice(0, MOST).map((way) => (
                <Event key={way.id} way={way} operatorUrl={operatorUrl} />
              ))}
            </ul>
            <More count={events.length - MOST} />
          </Section>
          <Section title="What waits">
            <Facts facts={waiting} />
          </Section>
          <Section title="This page">
            <Facts facts={page} />
          </Section>
          <Section title="Options" isOpen={false}>
            <Settings settings={settings} />
          </Section>
        </>
      ) : null}
    </div>
  );
};

/** The panel. */
export const Panel = (props: PanelState & PanelActions): JSX.Element => {
  const { isFolded, notice, onCopy, onFold, onClose } = props;
  return (
    <section class={`panel ${isFolded ? 'folded' : ''}`} aria-label="Offersight inspector">
      <header>
        <h1>Offersight</h1>
        <span role="status">{notice}</span>
        <Button onPress={onCopy}>Copy as text</Button>
        <Button isExpanded={!isFolded} onPress={onFold}>
          {isFolded ? 'Unfold' : 'Fold'}
        </Button>
        <Button onPress={onClose}>Leave</Button>
      </header>
      {isFolded ? null : <Body {...props} />}
    </section>
  );
};
