import { addressProblem } from './address';

describe('An address', () => {
  it.each([
    'http://plantroom:8080',
    'https://plantroom.example.org',
    'https://example.org/plantroom/',
    ' http://[::1]:8080 ',
  ])('like %s is taken', (address) => expect(addressProblem(address)).toBeUndefined());

  it.each([
    ['', /for example http/],
    ['plantroom:8080', /begin with http/],
    ['ftp://plantroom', /begin with http/],
    ['http://', /begin with http/],
    ['http://u:p@plantroom', /token below/],
    ['http://plantroom/?a=1', /what follows \?/],
    ['http://plantroom/api/v1', /Leave out \/api/],
  ])('like "%s" is not, and what to do is said', (address, problem) => {
    expect(addressProblem(address)).toMatch(problem);
  });
});
