// The reference for the API: a route of Fastify and pg alone, in a process of its own, as the service is.

import Fastify from 'fastify';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.argv[2], max: 16 });
const app = Fastify();
app.get<{ Params: { id: string } }>(
  '/composes/:id',
  async ({ params }) =>
    (await pool.query({ name: 'one', text: 'select * from compose where id = $1', values: [params.id] })).rows[0],
);
console.error(JSON.stringify({ msg: 'Serving', graphql: await app.listen({ port: 0, host: '127.0.0.1' }) }));
