import type { CategoryPorts } from '../../ports/categories.ts';
import { createCategory } from './category.ts';
import type { Needs } from './choose.ts';

/** Any system of a category, asked in one way. */
export const createCategories = (needs: Needs): CategoryPorts => ({
  crm: createCategory('crm', needs),
  cms: createCategory('cms', needs),
  ecommerce: createCategory('ecommerce', needs),
  analytics: createCategory('analytics', needs),
  tasks: createCategory('tasks', needs),
  email: createCategory('email', needs),
  ads: createCategory('ads', needs),
  social: createCategory('social', needs),
  payments: createCategory('payments', needs),
  communication: createCategory('communication', needs),
  storage: createCategory('storage', needs),
});
