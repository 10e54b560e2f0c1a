export { createPublicDoor, type DoorOptions, type PublicDoor } from './door.ts';
export { webhookConfig, type WebhookConfig } from './config.ts';
export { webhookOf } from './main.ts';
