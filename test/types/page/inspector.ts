/** Calls of `offersight/inspector` that must and must not compile. */
import { type Inspector, type InspectorOptions, openByLink, openInspector } from 'offersight/inspector';

const options: InspectorOptions = { endpoint: undefined, operatorUrl: 'https://ops.example/admin/' };
export const inspector: Inspector = openInspector(options);
inspector.text() satisfies string;
inspector.close();
openInspector().close();
openByLink('https://shop.example/offer-events') satisfies Promise<void>;
// @ts-expect-error the endpoint is named
openByLink();
// @ts-expect-error an option that there is not
openInspector({ url: '/offer-events' });
