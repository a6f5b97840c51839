// The page that a browser gets at /graphql: Apollo's landing page, whose explorer is loaded from the internet, and the
// schema, which is shown when the explorer cannot be loaded.

import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';

/** The path of the schema as text. */
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

/** Puts the schema into the fallback, which the explorer covers once it is loaded. */
function withSchema(html: string, schemaText: string): string {
  const schema = `<p>The endpoint works without the explorer: POST queries here, or subscribe over WebSocket (graphql-transport-ws).
    This is the schema, also at <a href="${SCHEMA_PATH}">${SCHEMA_PATH}</a>:</p><pre>${escapeHtml(schemaText)}</pre>`;
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
