export { createGateway, type Gateway } from './gateway.ts';
export { gatewayConfig, type GatewayConfig } from './config.ts';
export type { CheckOperation, GatewayDeps, Refusal, RouteDeps, RouteFactory } from './deps.ts';
export { route, type Route } from './http/routing.ts';
export { createExecutionRoutes } from './routes/create-execution.ts';
export { flowRoutes, type FlowRouteDeps } from './routes/flows.ts';
export { webhookRoutes } from './routes/webhook.ts';
export type { Wait, Waiter } from './waiter.ts';
export { gatewayOf } from './main.ts';
