// The long chaos run: 20 minutes unless the arguments say otherwise. `npm run chaos` runs the same for 2 minutes.

if (!process.argv.includes('--minutes')) process.argv.push('--minutes', '20');
await import('../support/chaos/main.ts');
