/** Who made the site, and whom the credentials of these tests speak for. */
export const USER = { id: 1, login: 'owner', name: 'Mara Kornblum', email: 'owner@kornblume.example' };
