import { z } from 'zod';

export const AuditReply = z.strictObject({
  summary: z.string().min(1),
  findings: z.array(
    z.strictObject({
      title: z.string().min(1),
      severity: z.enum(['low', 'medium', 'high']),
      detail: z.string(),
      contentIds: z.array(z.string()),
    }),
  ),
});
export type AuditReply = z.infer<typeof AuditReply>;

/** The first post that the crew proposes: what a person may edit before approving. */
export const ProposedPost = z
  .strictObject({ title: z.string().trim().min(1).max(200), content: z.string().trim().min(1).max(20_000) })
  .meta({ id: 'ProposedPost' });
export type ProposedPost = z.infer<typeof ProposedPost>;

export const ReportReply = z
  .strictObject({
    title: z.string().min(1),
    report: z.string().min(1),
    /** Empty when there was nothing to cite: a new site has no content. */
    citations: z.array(z.string()),
    proposedPost: ProposedPost,
  })
  .meta({ id: 'OnboardingReport' });
export type ReportReply = z.infer<typeof ReportReply>;
