// What the service is, and who is asking it.

import { Ctx, Query, Resolver } from 'type-graphql';
import type { Viewer } from '../../compose/viewer.ts';
import type { OperationContext } from '../context.ts';
import { AboutType, ViewerType } from '../types/about.ts';

@Resolver()
export class AboutQuery {
  @Query(() => AboutType)
  async about(@Ctx() { api }: OperationContext): Promise<AboutType> {
    const engines = await Promise.all(api.engines.map((engine) => engine.info()));
    return { ...api.settings, engines };
  }

  @Query(() => ViewerType)
  viewer(@Ctx() { viewer }: OperationContext): Viewer {
    return viewer;
  }
}
