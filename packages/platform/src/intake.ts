import { createIntake, type Intake } from '@tiercel/intake';
import { storageLayout } from '@tiercel/storage';
import type { Platform } from './platform.ts';

/** The way in which executions are born in this process: every door uses this one. */
export function intakeOf(platform: Platform): Intake {
  const { store, storage, flowCache, router, variables, logger, clock, config } = platform;
  return createIntake({
    store,
    flows: flowCache,
    storage,
    layout: storageLayout,
    hint: (execution) => router.send([{ tenant: execution.tenant, executionId: execution.id, created: execution }]),
    now: clock.now,
    variables,
    seal: variables.cipher?.seal,
    rendering: { zone: config.zone, locale: config.locale, recursive: config.recursiveRendering },
    perform: (flow, calls) =>
      platform.perform(
        { tenant: flow.tenant, namespace: flow.namespace, flowId: flow.id, executionId: '', trigger: () => undefined },
        calls,
      ),
    limits: { deliveryTtlMs: config.webhookDeliveryTtl },
    onError: (message, error, about) => logger.warn({ error, ...about }, message),
  });
}
