// Methods about tasks.

import type { XmlRpcValue } from '../../../src/upstreams/xml-rpc/value.ts';
import { taskRow } from './answers.ts';
import { HubFault, text, type Method } from './hub-arguments.ts';
import { TASK_STATE } from './model.ts';

export const TASK_METHODS: Readonly<Record<string, Method>> = {
  getTaskInfo: {
    parameters: ['task_id', 'request?', 'strict?'],
    run: (model, { task_id, request, strict }) => {
      const one = (id: XmlRpcValue): XmlRpcValue => {
        const task = model.tasks.get(Number(id));
        if (!task && strict === true) throw new HubFault(1000, `No such task: ${Number(id)}`);
        return task ? taskRow(model, task, request === true) : null;
      };
      return Array.isArray(task_id) ? (task_id as readonly XmlRpcValue[]).map(one) : one(task_id ?? null);
    },
  },
  getTaskRequest: {
    parameters: ['taskId'],
    run: (model, { taskId }) => [...(model.tasks.get(Number(taskId))?.request ?? [])],
  },
  getTaskChildren: {
    parameters: ['task_id', 'request?', 'strict?'],
    run: (model, { task_id, request }) =>
      [...model.tasks.values()]
        .filter((task) => task.parent === Number(task_id))
        .map((task) => taskRow(model, task, request === true)),
  },
  getTaskResult: {
    parameters: ['taskId', 'raise_fault?'],
    run: (model, { taskId }) => {
      const task = model.tasks.get(Number(taskId));
      if (!task) throw new HubFault(1000, `No such task: ${text(taskId)}`);
      if (task.state !== TASK_STATE.CLOSED) throw new HubFault(1000, `Task ${task.id} is not finished`);
      return task.result;
    },
  },
};
