/** A table that scrolls by itself on a narrow screen, also by keyboard. */
import type { ComponentChildren, VNode } from 'preact';

/** One column. */
export interface Column {
  readonly title: string;
  /** Counts and ids do not wrap. */
  readonly kind?: 'number' | 'id';
}

/** What a table shows. */
export interface TableProps {
  readonly caption: string;
  readonly columns: readonly Column[];
  /** The first cell of each row names it. */
  readonly rows: readonly (readonly ComponentChildren[])[];
  /** The sums, if there are any. */
  readonly total?: readonly ComponentChildren[];
  /** The text if there are no rows. */
  readonly empty: ComponentChildren;
}

const classOf = (column: Column | undefined) => (column?.kind ? { class: column.kind } : {});

const Cells = ({ cells, columns }: { cells: readonly ComponentChildren[] } & Pick<TableProps, 'columns'>) => (
  <tr>
    {cells.map((cell, at) => {
      const name = classOf(columns[at]);
      return at === 0 ? (
        <th scope="row" {...name}>
          {cell}
        </th>
      ) : (
        <td {...name}>{cell}</td>
      );
    })}
  </tr>
);

/** A table. */
export const Table = ({ caption, columns, rows, total, empty }: TableProps): VNode =>
  rows.length ? (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard (WCAG 2.1.1).
    <section class="scroller" aria-label={caption} tabIndex={0}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" key={column.title} {...classOf(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, at) => (
            <Cells key={at} cells={cells} columns={columns} />
          ))}
        </tbody>
        {total && (
          <tfoot>
            <Cells cells={total} columns={columns} />
          </tfoot>
        )}
      </table>
    </section>
  ) : (
    <p class="empty">{empty}</p>
  );
