export const chainJourneys = {};
