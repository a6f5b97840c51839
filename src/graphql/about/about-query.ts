// The queries about the server and the viewer.

import { Ctx, Query, Resolver } from 'type-graphql';
import type { Viewer } from '../../compose/viewer.ts';
import type { OperationContext } from '../context.ts';
import { AboutType, ViewerType } from '../types/about.ts';

@Resolver()
export class AboutQuery {
  @Query(() => AboutType, { description: 'The version and the configuration of this server.' })
  about(@Ctx() { api }: OperationContext): Promise<AboutType> {
    return api.about();
  }

  @Query(() => ViewerType, { description: 'The viewer that the request was authenticated as.' })
  viewer(@Ctx() { viewer }: OperationContext): Viewer {
    return viewer;
  }
}
