import { derivedId } from '../../domain/ids.ts';
import { between, oneOf } from './chance.ts';

/** Somebody who orders, with the address it goes to. Nobody of this name lives there. */
export type Person = {
  readonly customerId: string;
  readonly name: string;
  readonly email: string;
  readonly language: string;
  readonly line1: string;
  readonly postalCode: string;
  readonly city: string;
  readonly countryCode: string;
};

type Country = {
  readonly countryCode: string;
  readonly language: string;
  readonly firstNames: readonly string[];
  /** Each means "example", or is what the country's forms are filled in with. */
  readonly lastNames: readonly string[];
  readonly places: readonly (readonly [postalCode: string, city: string])[];
  readonly line1: (number: number) => string;
};

const countries: readonly Country[] = [
  {
    countryCode: 'DE',
    language: 'de',
    firstNames: ['Erika', 'Max', 'Leyla', 'Jonas', 'Annegret'],
    lastNames: ['Mustermann', 'Beispiel', 'Probst-Muster'],
    places: [
      ['10435', 'Berlin'],
      ['50667', 'Köln'],
      ['04109', 'Leipzig'],
    ],
    line1: (number) => `Musterstraße ${number}`,
  },
  {
    countryCode: 'AT',
    language: 'de-AT',
    firstNames: ['Maximilian', 'Sophie', 'Valentina'],
    lastNames: ['Musterfrau', 'Beispielhuber'],
    places: [
      ['1070', 'Wien'],
      ['8010', 'Graz'],
    ],
    line1: (number) => `Beispielgasse ${number}`,
  },
  {
    countryCode: 'FR',
    language: 'fr',
    firstNames: ['Camille', 'Noé', 'Amina', 'Louise'],
    lastNames: ['Exemple', 'Modèle', 'Untel'],
    places: [
      ['69003', 'Lyon'],
      ['75011', 'Paris'],
      ['44000', 'Nantes'],
    ],
    line1: (number) => `${number} rue de l’Exemple`,
  },
  {
    countryCode: 'NL',
    language: 'nl',
    firstNames: ['Sanne', 'Daan', 'Fatima'],
    lastNames: ['Voorbeeld', 'de Proef'],
    places: [
      ['3511 AA', 'Utrecht'],
      ['1012 AB', 'Amsterdam'],
    ],
    line1: (number) => `Voorbeeldstraat ${number}`,
  },
  {
    countryCode: 'BE',
    language: 'nl-BE',
    firstNames: ['Lotte', 'Arthur'],
    lastNames: ['Voorbeelds', 'Van den Proef'],
    places: [
      ['9000', 'Gent'],
      ['2000', 'Antwerpen'],
    ],
    line1: (number) => `Voorbeeldlaan ${number}`,
  },
  {
    countryCode: 'IT',
    language: 'it',
    firstNames: ['Giulia', 'Mario', 'Chiara'],
    lastNames: ['Esempio', 'Prova'],
    places: [
      ['10121', 'Torino'],
      ['40121', 'Bologna'],
    ],
    line1: (number) => `Via dell’Esempio ${number}`,
  },
  {
    countryCode: 'ES',
    language: 'es',
    firstNames: ['Lucía', 'Hugo', 'Martina'],
    lastNames: ['Ejemplo', 'de Muestra'],
    places: [
      ['28004', 'Madrid'],
      ['46001', 'Valencia'],
    ],
    line1: (number) => `Calle del Ejemplo, ${number}`,
  },
  {
    countryCode: 'PT',
    language: 'pt',
    firstNames: ['Inês', 'Tomás'],
    lastNames: ['Exemplo', 'Fulano'],
    places: [
      ['1200-001', 'Lisboa'],
      ['4000-001', 'Porto'],
    ],
    line1: (number) => `Rua do Exemplo ${number}`,
  },
  {
    countryCode: 'PL',
    language: 'pl',
    firstNames: ['Zofia', 'Jan', 'Agnieszka'],
    lastNames: ['Przykładowska', 'Wzór'],
    places: [
      ['30-001', 'Kraków'],
      ['50-001', 'Wrocław'],
    ],
    line1: (number) => `ul. Przykładowa ${number}`,
  },
  {
    countryCode: 'CZ',
    language: 'cs',
    firstNames: ['Tereza', 'Ondřej'],
    lastNames: ['Příkladová', 'Vzor'],
    places: [
      ['602 00', 'Brno'],
      ['110 00', 'Praha'],
    ],
    line1: (number) => `Ukázková ${number}`,
  },
  {
    countryCode: 'SE',
    language: 'sv',
    firstNames: ['Astrid', 'Elias'],
    lastNames: ['Exempelsson', 'Provberg'],
    places: [
      ['411 01', 'Göteborg'],
      ['211 20', 'Malmö'],
    ],
    line1: (number) => `Exempelgatan ${number}`,
  },
  {
    countryCode: 'FI',
    language: 'fi',
    firstNames: ['Aino', 'Onni'],
    lastNames: ['Esimerkki', 'Mallinen'],
    places: [
      ['33100', 'Tampere'],
      ['00100', 'Helsinki'],
    ],
    line1: (number) => `Esimerkkikatu ${number}`,
  },
  {
    countryCode: 'IE',
    language: 'en-IE',
    firstNames: ['Aoife', 'Cillian'],
    lastNames: ['Sample', 'O’Example'],
    places: [
      ['D02 XX00', 'Dublin'],
      ['T12 XX00', 'Cork'],
    ],
    line1: (number) => `${number} Sample Quay`,
  },
];

/** The next customer. The same name and address number are the same customer, in this demo and in the next. */
export const somebody = (): Person => {
  const { countryCode, language, firstNames, lastNames, places, line1 } = oneOf(countries);
  const name = `${oneOf(firstNames)} ${oneOf(lastNames)}`;
  const number = between(1, 40);
  const [postalCode, city] = oneOf(places);
  const email = `${mailbox(name)}.${number}@example.org`;
  return { customerId: derivedId('demo customer', email), name, email, language, line1: line1(number), postalCode, city, countryCode };
};

/** Another address in the same country. */
export const someAddress = ({ name, countryCode }: Person): Pick<Person, 'name' | 'line1' | 'postalCode' | 'city' | 'countryCode'> => {
  const { places, line1 } = countries.find((country) => country.countryCode === countryCode)!;
  const [postalCode, city] = oneOf(places);
  return { name, line1: line1(between(41, 99)), postalCode, city, countryCode };
};

const mailbox = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll('ł', 'l')
    .normalize('NFD')
    .replaceAll(/[^a-z ]/g, '')
    .replaceAll(' ', '.');
