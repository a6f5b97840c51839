// What a browser sees at /graphql: Apollo's landing page, whose explorer comes from the internet, and the schema, which
// comes from here and is there without one.

import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';

/** Where the schema is served as text. */
export const SCHEMA_PATH = '/schema.graphql';

export function landingPage(schemaText: string): ApolloServerPlugin {
  const apollo = ApolloServerPluginLandingPageLocalDefault({ embed: { runTelemetry: false } });
  return {
    async serverWillStart(server) {
      const listener = await apollo.serverWillStart?.(server);
      return {
        async renderLandingPage() {
          const page = await listener?.renderLandingPage?.();
          return {
            html: async () =>
              withSchema(typeof page?.html === 'function' ? await page.html() : (page?.html ?? ''), schemaText),
          };
        },
      };
    },
  };
}

/** The schema goes into the fallback, which the explorer covers as soon as it is there. */
function withSchema(html: string, schemaText: string): string {
  const schema = `<p>The endpoint works all the same: POST queries here, or subscribe over WebSocket (graphql-transport-ws).
    This is its schema, also at <a href="${SCHEMA_PATH}">${SCHEMA_PATH}</a>:</p><pre>${escapeHtml(schemaText)}</pre>`;
  const marker = /(<div class="fallback">[\s\S]*?)(<\/div>)/;
  const scrolling = html.replace('overflow-y: hidden;', '');
  return marker.test(scrolling)
    ? scrolling.replace(marker, (_all, start: string, end: string) => `${start}${schema}${end}`)
    : `${html}${schema}`;
}

export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
