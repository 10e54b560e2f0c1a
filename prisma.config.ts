// A plain object: Prisma is a dependency of packages/store only, and this file lies where Prisma looks for it.
export default {
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] },
};
